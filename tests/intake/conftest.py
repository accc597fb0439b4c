"""Intake's HTTP door over a real PostgreSQL: no bus, tokens of the tests' issuer."""

import itertools
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.databases import as_new
from tests.intake.bodies import ticket
from tests.issuer import ISSUER, signed, verifier

import intake_svc
from amends.clock import real_now
from amends.db import engine_for, reading, writing
from amends.events.codec import event_from_json
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.http.app import build_app
from amends.ids import new_id
from amends.migrations import location, migrate
from amends.outbox import Outbox
from amends.policy.book import PolicyBook, PublishedPolicy
from amends.policy.load import default_policy
from intake_svc.api.door import Door
from intake_svc.api.opening import opening_router
from intake_svc.api.reading import reading_router
from intake_svc.api.steps import steps_router
from intake_svc.handlers import consumed
from intake_svc.handlers.desk import Desk
from intake_svc.handlers.numbers import Serials
from intake_svc.settings import IntakeSettings


@dataclass(frozen=True)
class As:
    """Calls intake as one caller. Every POST gets a fresh `Idempotency-Key` unless it is given one."""

    http: httpx.AsyncClient
    token: str
    keys: Any = field(default_factory=lambda: itertools.count(1))

    def _headers(self, given: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} | given

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.http.get(f"/v1{path}", params=params or None, headers=self._headers({}))

    async def post(self, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> httpx.Response:
        sent = {"Idempotency-Key": key or f"key-{new_id()}"} | {k.replace("_", "-"): v for k, v in headers.items()}
        return await self.http.post(f"/v1{path}", json={} if body is None else body, headers=self._headers(sent))

    async def upload(self, path: str, *, key: str | None = None, **parts: Any) -> httpx.Response:
        sent = {"Idempotency-Key": key or f"key-{new_id()}"}
        return await self.http.post(f"/v1{path}", headers=self._headers(sent), **parts)

    async def open(self, **changes: Any) -> str:
        answer = await self.post("/tickets", ticket(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["ticket_id"])

    async def step(self, ticket_id: str, noun: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.post(f"/tickets/{ticket_id}/{noun}", body, **headers)

    async def shown(self, ticket_id: str) -> dict[str, Any]:
        answer = await self.get(f"/tickets/{ticket_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@dataclass
class Intake:
    """The application, its database, and what stands in for the issuer and the other services."""

    http: httpx.AsyncClient
    engine: AsyncEngine
    desk: Desk
    door: Door
    told: Any = field(default_factory=lambda: itertools.count(1))

    def caller(self, role: str, subject: str | None = None, *, tenant: str = "demo", client: str = "test") -> As:
        named = {"sub": subject} if subject else {}
        return As(self.http, signed(role, tenant, client_id=client, scope="amends", **named))

    async def events(self, ticket_id: str) -> list[Event]:
        query = text("SELECT event FROM outbox WHERE subject = :ticket ORDER BY sequence")
        async with reading(self.engine) as tx:
            rows = await tx.execute(query, {"ticket": ticket_id})
        return [event_from_json(json.loads(row[0])) for row in rows]

    async def hears(
        self,
        ticket_id: str,
        *facts: EventData,
        source: str = "/amends/sla",
        tenant: str = "demo",
        at: datetime | None = None,
    ) -> None:
        """Have intake consume what another service said."""
        for fact in facts:
            event = Event(
                id=str(new_id()),
                source=source,
                type=fact.wire_type,
                subject=ticket_id,
                time=at or real_now(),
                partitionkey=ticket_id,
                tenantid=tenant,
                data=fact.to_data(),
                sequence=next(self.told),
            )
            async with writing(self.engine) as tx:
                await consumed.handle(tx, self.desk, event)


def _door(engine: AsyncEngine, settings: IntakeSettings, policies: PolicyBook) -> Door:
    desk = Desk(Outbox("/amends/intake", settings.event_bytes_max), policies, settings.limits(), new_id)
    return Door(engine, desk, Serials(engine, real_now, settings.serials_per_block), settings)


@pytest.fixture
async def intake_with(database_named: Callable[[str], str]) -> AsyncIterator[Callable[..., Any]]:
    """Start intake with settings of the test's own."""
    url = database_named("intake")
    started: list[Intake] = []

    async def start(**settings: Any) -> Intake:
        told = {"database_url": url, "bus_url": "none", "issuer_url": ISSUER, "listen_port": 1}
        chosen = IntakeSettings(**(told | settings))
        engine = engine_for(url, application="intake-test", pool_size=8)
        if not started:
            await migrate(engine, location(intake_svc.__file__ or ""))
            await as_new(engine)
        policies = PolicyBook()
        for tenant in ("demo", "other"):
            policies.put(PublishedPolicy(tenant, 1, default_policy()))
        door = _door(engine, chosen, policies)
        app = build_app(
            title="intake",
            engine=engine,
            verifier=verifier(),
            routers=(opening_router(door), reading_router(door), steps_router(door)),
            handle=lambda tx, event: consumed.handle(tx, door.desk, event),
            readiness=_ready,
            after_request=lambda: None,
        )
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake.test")
        started.append(Intake(http, engine, door.desk, door))
        return started[-1]

    yield start
    for running in started:
        await running.http.aclose()
        await running.engine.dispose()


async def _ready() -> dict[str, Any]:
    return {}


@pytest.fixture
async def intake(intake_with: Callable[..., Any]) -> Intake:
    """Intake with its default settings and the default policy for tenants demo and other."""
    return await intake_with()


@pytest.fixture
def fields_of() -> Callable[[httpx.Response], set[str]]:
    """Return the fields that a 422 names."""

    def named(answer: httpx.Response) -> set[str]:
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return {error["field"] for error in answer.json()["errors"]}

    return named
