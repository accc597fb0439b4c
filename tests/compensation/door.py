"""compensation's HTTP door for tests: tokens are signed by a key made here, so no issuer runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import Keys, Verifier
from amends.clock import real_now
from amends.http.app import build_app
from amends.ids import new_id
from compensation_svc.api.routers import routers
from compensation_svc.handlers import consume
from compensation_svc.handlers.ports import Ports

ISSUER = "http://issuer.test"


class _KeysAtHand(Keys):
    def __init__(self, keys: KeySet) -> None:
        self._at_hand = keys

    async def get(self, *, unknown_key: bool = False) -> KeySet:
        return self._at_hand


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
    key: ECKey

    def caller(self, role: str, subject: str | None = None, *, tenant: str = "demo") -> As:
        now = int(real_now().timestamp())
        claims: dict[str, Any] = {"iss": ISSUER, "aud": "amends", "client_id": "test", "tenant": tenant, "role": role}
        claims |= {"iat": now, "exp": now + 600} | ({"sub": subject} if subject else {})
        return As(self.http, jwt.encode({"alg": "ES256", "kid": self.key.thumbprint()}, claims, self.key))


@asynccontextmanager
async def open_door(engine: AsyncEngine, ports: Ports) -> AsyncIterator[Door]:
    key = ECKey.generate_key("P-256")

    async def ready() -> dict[str, Any]:
        return {}

    app = build_app(
        title="compensation",
        engine=engine,
        verifier=Verifier(ISSUER, _KeysAtHand(KeySet([key]))),
        routers=routers(engine, ports, lambda: None),
        handle=lambda tx, event: consume.handle(tx, ports, event),
        readiness=ready,
        after_request=lambda: None,
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://compensation.test/v1") as http:
        yield Door(http, key)
