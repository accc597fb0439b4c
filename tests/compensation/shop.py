"""A running sandbox as the storefront, and workers of compensation beside it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.clock import monotonic_s, real_now
from amends.db import engine_for
from amends.ids import new_id
from amends.service_tokens import ServiceTokens
from amends_sandbox.api.app import build_app
from amends_sandbox.api.ports import Ports as SandboxPorts
from amends_sandbox.main import server_config
from amends_sandbox.settings import Settings as SandboxSettings
from compensation_svc.decisions.calls import Backoff
from compensation_svc.handlers.ports import Ports
from compensation_svc.workers.calls import MoneyCalls, Pace
from compensation_svc.workers.storefront import Storefront

CLIENTS = {"amends-compensation": {"secret": "c", "role": "service", "tenants": "*"}}


async def until(condition: Callable[[], Awaitable[Any]], *, limit_s: float = 20) -> Any:
    """Wait for a condition, looking now and then, and return what it gave."""
    deadline = monotonic_s() + limit_s
    while not (found := await condition()):
        assert monotonic_s() < deadline, "the condition does not come true"
        await asyncio.sleep(0.02)
    return found


class Shop:
    """The storefront, seen by a test: its faults, its orders, and its own ledger."""

    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self.url = url
        self.client = client
        self.tokens = ServiceTokens(url, "amends-compensation", "c", client)

    async def _headers(self) -> Mapping[str, str]:
        return await self.tokens.bearer("demo")

    async def sell(self, order: dict[str, Any]) -> None:
        answer = await self.client.put(f"/orders/{order['order_id']}", json=order, headers=await self._headers())
        assert answer.is_success, answer.text

    async def faults(self, *faults: dict[str, Any]) -> None:
        answer = await self.client.put("/faults", json=list(faults), headers=await self._headers())
        assert answer.is_success, answer.text

    async def fault_hits(self) -> int:
        answer = await self.client.get("/faults", headers=await self._headers())
        return sum(fault["hits"] for fault in answer.json()["items"])

    async def paid(self) -> dict[str, int]:
        """Amount by reference, of all that was carried out; a reference that stands twice fails."""
        items = (await self.client.get("/ledger", headers=await self._headers())).json()["items"]
        assert len({one["reference"] for one in items}) == len(items)
        return {one["reference"]: one["amount"] for one in items}


@asynccontextmanager
async def running_shop(database_url: str) -> AsyncIterator[Shop]:
    settings = SandboxSettings.model_validate(
        {
            "database_url": database_url,
            "amends_env": "test",
            "amends_clients": CLIENTS,
            "issuer_url": "http://issuer.test",
            "sandbox_slow_s": 1.0,
            "sandbox_hold_s": 3.0,
        }
    )
    engine = engine_for(database_url, application="sandbox-test")
    app = build_app(SandboxPorts(settings=settings, engine=engine, real_now=real_now, new_id=new_id))
    server = uvicorn.Server(server_config(app, settings, port=0))
    serving = asyncio.create_task(server._serve())
    await until(lambda: asyncio.sleep(0, server.started))
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client:

        async def ready() -> bool:
            return (await client.get("/readyz")).is_success

        await until(ready)
        yield Shop(url, client)
    server.should_exit = True
    await serving


@asynccontextmanager
async def working(calls: MoneyCalls) -> AsyncIterator[MoneyCalls]:
    """Let a worker run, and stop it as the service does."""
    task = asyncio.create_task(calls.run())
    try:
        yield calls
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def worker(
    engine: AsyncEngine,
    ports: Ports,
    shop: Shop,
    *,
    in_flight_max: int = 16,
    timeout_s: float = 0.5,
    lease_s: float = 5,
) -> MoneyCalls:
    """A worker with short times, so that tests need not wait long."""
    pace = Pace(in_flight_max, lease_s, 0.05, Backoff(0.05, 0.3), timeout_s + 1)
    return MoneyCalls(engine, ports, Storefront(shop.client, shop.url, shop.tokens.bearer, timeout_s), pace)
