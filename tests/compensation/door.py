"""compensation's HTTP door for tests: tokens of the tests' issuer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.issuer import signed, verifier

from amends.http.app import build_app
from amends.ids import new_id
from compensation_svc.api.routers import routers
from compensation_svc.handlers import consume
from compensation_svc.handlers.ports import Ports


@dataclass(frozen=True)
class As:
    """One caller. Every POST gets a fresh `Idempotency-Key` unless it is given one."""

    http: httpx.AsyncClient
    token: str

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(path, params=params, headers={"Authorization": f"Bearer {self.token}"})

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or str(new_id())}
        return await self.http.post(path, json=body, headers=headers)

    async def put(self, path: str, body: Any) -> httpx.Response:
        return await self.http.put(path, json=body, headers={"Authorization": f"Bearer {self.token}"})


@dataclass(frozen=True)
class Door:
    http: httpx.AsyncClient

    def caller(self, role: str, subject: str | None = None, *, tenant: str = "demo") -> As:
        named = {"sub": subject} if subject else {}
        return As(self.http, signed(role, tenant, client_id="test", **named))


@asynccontextmanager
async def open_door(engine: AsyncEngine, ports: Ports) -> AsyncIterator[Door]:
    async def ready() -> dict[str, Any]:
        return {}

    app = build_app(
        title="compensation",
        engine=engine,
        verifier=verifier(),
        routers=routers(engine, ports, lambda: None),
        handle=lambda tx, event: consume.handle(tx, ports, event),
        readiness=ready,
        after_request=lambda: None,
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://compensation.test/v1") as http:
        yield Door(http)
