"""A running sandbox: the real server on a free port, in this process, over a database of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import uvicorn
from tests.databases import as_new

from amends.clock import monotonic_s, real_now
from amends.db import engine_for
from amends.ids import new_id
from amends_sandbox.api.app import build_app
from amends_sandbox.api.ports import Ports
from amends_sandbox.main import server_config
from amends_sandbox.settings import Settings

WAIT_S_MAX = 20
CLIENTS = {
    "amends-compensation": {"secret": "c", "role": "service", "tenants": "*"},
    "amends-cli": {"secret": "a", "role": "admin", "tenants": "*"},
}


async def until_ready(client: httpx.AsyncClient) -> None:
    deadline = monotonic_s() + WAIT_S_MAX
    while True:
        try:
            if (await client.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert monotonic_s() < deadline, "the sandbox does not become ready"
        await asyncio.sleep(0.02)  # between looks at a condition, which has its limit above


async def bearer(client: httpx.AsyncClient, tenant: str = "demo") -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": "amends-compensation", "client_secret": "c"}
    answer = await client.post("/token", data=form | {"tenant": tenant})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
async def anonymous(database_named: Callable[[str], str]) -> AsyncIterator[httpx.AsyncClient]:
    url = database_named("sandbox")
    settings = Settings.model_validate(
        {
            "database_url": url,
            "amends_env": "test",
            "amends_clients": CLIENTS,
            "issuer_url": "http://issuer.test",
            "sandbox_slow_s": 0.4,
            "sandbox_hold_s": 1.0,
        }
    )
    engine = engine_for(url, application="sandbox-test")
    await as_new(engine)
    app = build_app(Ports(settings=settings, engine=engine, real_now=real_now, new_id=new_id))
    server = uvicorn.Server(server_config(app, settings, port=0))
    serving = asyncio.create_task(server._serve())
    deadline = monotonic_s() + WAIT_S_MAX
    while not server.started:
        assert monotonic_s() < deadline, "the server does not start"
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as client:
        await until_ready(client)
        yield client
    server.should_exit = True
    await serving


@pytest.fixture
async def sandbox(anonymous: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of the running sandbox, with a service's token for tenant demo."""
    anonymous.headers.update(await bearer(anonymous))
    return anonymous


class Shop:
    """What tests say to the sandbox, with the fields that they don't care about filled in."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def order(self, name: str, paid_amount: int, **more: object) -> httpx.Response:
        return await self.client.put(f"/orders/{name}", json={"currency": "CNY", "paid_amount": paid_amount, **more})

    async def pay(self, kind: str, reference: str, amount: int, **more: object) -> httpx.Response:
        body = {"reference": reference, "ticket_id": "T-1", "order_id": "O-1", "customer_id": "C-1", "amount": amount}
        body |= {"currency": "CNY", "reason": "B1", **more}
        return await self.client.post(f"/{kind}", json=body, headers={"Idempotency-Key": reference})

    async def message(self, message_id: str, **more: object) -> httpx.Response:
        body = {"message_id": message_id, "ticket_id": "T-1", "to": "customer", "template": "ticket_received"}
        body |= {"language": "zh", "text": "您好, 我们已收到您的请求。", **more}
        return await self.client.post("/messages", json=body, headers={"Idempotency-Key": message_id})

    async def fault(self, *faults: dict[str, object]) -> None:
        assert (await self.client.put("/faults", json=list(faults))).status_code == 200

    async def ledger(self) -> dict[str, object]:
        return (await self.client.get("/ledger")).json()


@pytest.fixture
def shop(sandbox: httpx.AsyncClient) -> Shop:
    return Shop(sandbox)
