"""notify over a database of its own, with the real storefront sandbox beside it."""

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.databases import migrated
from tests.issuer import bearer, verifier
from tests.notify.streams import POLICY
from tests.sandbox.conftest import anonymous, sandbox, shop

from amends import inbox
from amends.db import reading, writing
from amends.events.codec import decode
from amends.events.envelope import Event
from amends.http.app import build_app
from amends.outbox import Outbox
from amends.policy.book import PolicyBook, PublishedPolicy
from notify_svc.api.routers import routers
from notify_svc.decisions.delivery import Retries
from notify_svc.handlers.deliveries import DeliveryHandler
from notify_svc.handlers.events import EventHandler
from notify_svc.handlers.steps import StepHandler
from notify_svc.workers.contacts import IntakeContacts
from notify_svc.workers.deliver import Deliveries
from notify_svc.workers.mail import Mail
from notify_svc.workers.storefront import Storefront

__all__ = ["anonymous", "sandbox", "shop"]  # fixtures: the real sandbox

MIGRATIONS = Path(__file__).parents[2] / "services" / "notify-svc" / "migrations"
_COUNTER = itertools.count(1)


@pytest.fixture
async def engine(database_named: Callable[[str], str]) -> AsyncIterator[AsyncEngine]:
    async with migrated(database_named("notify"), MIGRATIONS) as made:
        yield made


@pytest.fixture
def policies() -> PolicyBook:
    book = PolicyBook()
    book.put(PublishedPolicy("demo", 1, POLICY))
    return book


@dataclass
class Notify:
    """What a test says to the service, and what it asks of it."""

    engine: AsyncEngine
    policies: PolicyBook
    outbox: Outbox = field(default_factory=lambda: Outbox("/amends/notify"))

    @property
    def handler(self) -> EventHandler:
        return EventHandler(self.outbox, self.policies)

    async def take(self, *events: Event) -> None:
        """Have events arrive as from the bus, each in a transaction of its own."""
        for event in events:
            async with writing(self.engine) as tx:
                await inbox.arrive(tx, event, self.handler)

    async def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        async with reading(self.engine) as tx:
            return [dict(row._mapping) for row in (await tx.execute(text(query), values)).all()]

    async def published(self) -> list[Event]:
        rows = await self.rows("SELECT event FROM outbox ORDER BY time, id")
        return [decode((), row["event"].encode()) for row in rows]

    async def told(self) -> list[tuple[str, ...]]:
        """Return what was published, without ids: (what, …)."""
        found = []
        for event in await self.published():
            what = event.type.split(".")[2]
            found.append((what, *(str(v) for k, v in event.data.items() if k not in {"revisit_id", "due_at"})))
        return found

    async def queued(self) -> list[tuple[str, str]]:
        """Return (template, to) of every message that waits to be delivered."""
        rows = await self.rows("SELECT template, recipient FROM messages WHERE state = 'queued' ORDER BY message_id")
        return [(row["template"], row["recipient"]) for row in rows]


@pytest.fixture
def notify(engine: AsyncEngine, policies: PolicyBook) -> Notify:
    return Notify(engine, policies)


def key() -> dict[str, str]:
    """Return the header of a request that is like no other."""
    return {"Idempotency-Key": f"key-{next(_COUNTER)}"}


@pytest.fixture
async def client(notify: Notify) -> AsyncIterator[httpx.AsyncClient]:
    """The service's HTTP door; calls are those of the specialist `li` unless they say otherwise."""

    async def ready() -> dict[str, Any]:
        return {}

    app = build_app(
        title="notify",
        engine=notify.engine,
        verifier=verifier(),
        routers=routers(notify.engine, StepHandler(notify.outbox, notify.policies)),
        handle=notify.handler,
        readiness=ready,
        after_request=lambda: None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as made:
        made.headers.update(bearer("specialist", subject="li"))
        yield made


class FixedTokens:
    """Tokens that the sandbox gave, for every tenant the same."""

    def __init__(self, header: dict[str, str]) -> None:
        self._header = header

    async def bearer(self, tenant: str) -> dict[str, str]:
        return dict(self._header)


class KnownContacts:
    """Stands for intake: contact data by reference; a callable raises or answers."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        ref = request.url.path.rpartition("/")[2]
        self.asked.append(ref)
        return httpx.Response(200, json=self.known[ref]) if ref in self.known else httpx.Response(404)


@pytest.fixture
def contacts() -> KnownContacts:
    return KnownContacts()


MakeDeliveries = Callable[..., Deliveries]


@pytest.fixture
async def make_deliveries(
    notify: Notify, sandbox: httpx.AsyncClient, contacts: KnownContacts
) -> AsyncIterator[MakeDeliveries]:
    """Build the delivery worker against the running sandbox; tries follow each other at once."""
    tokens = FixedTokens({"Authorization": sandbox.headers["Authorization"]})
    calls = httpx.AsyncClient(trust_env=False)
    intake = httpx.AsyncClient(transport=httpx.MockTransport(contacts.answer))
    tokens_made = itertools.count(1)

    def make(*, tries_max: int = 5, smtp_url: str = "", lease_s: float = 60, timeout_s: float = 5) -> Deliveries:
        handler = DeliveryHandler(
            notify.outbox,
            notify.policies,
            Retries(tries_max, 0.0, 0.0),
            "https://shop.test/rate/",
            make_token=lambda: f"token-{next(tokens_made)}",
            mails=bool(smtp_url),
        )
        return Deliveries(
            notify.engine,
            handler,
            IntakeContacts("http://intake.test", intake, tokens, timeout_s),  # type: ignore[arg-type]
            Storefront(str(sandbox.base_url), calls, tokens, timeout_s),  # type: ignore[arg-type]
            Mail(smtp_url, "care@shop.test", timeout_s) if smtp_url else None,
            concurrency=4,
            lease_s=lease_s,
            sweep_s=0.05,
        )

    yield make
    await calls.aclose()
    await intake.aclose()
