"""How every service runs: one process, one event loop, the same parts around what is its own.

A service's `main` says what it is (`Service`) and wires what is its own (`Parts`) from the platform it is given.
HTTP answers from the first moment; `/readyz` says what is still missing. A database or bus that is away delays the
start, it does not fail it.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Generic, TypeVar

import httpx
import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends import dead_letters, logs, migrations, upkeep
from amends.auth import Keys, Verifier
from amends.bus.connect import connect
from amends.bus.port import Bus
from amends.consumer import Consumer
from amends.db import engine_for, reading
from amends.http.app import build_app
from amends.inbox import Handle
from amends.outbox import Outbox
from amends.policy.book import PolicyBook
from amends.relay import Relay
from amends.service_tokens import ServiceTokens
from amends.settings import ServiceSettings
from amends.tasks import Loop, Tasks
from amends.watermark import WatermarkPublisher, WatermarkView

log = structlog.get_logger(__name__)

S = TypeVar("S", bound=ServiceSettings)


@dataclass(frozen=True, slots=True)
class Platform(Generic[S]):
    """What a service is given to wire itself from: its ports."""

    settings: S
    engine: AsyncEngine
    bus: Bus
    outbox: Outbox
    policies: PolicyBook
    watermarks: WatermarkView
    http: httpx.AsyncClient
    tokens: ServiceTokens
    wake_relay: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service puts in.

    `handle`: one consumed event. `routers`: its paths, mounted under `/v1`. `loops`: its workers by name. `after_commit`:
    called when consumed events were committed, to wake workers (the relay is woken anyway). `checks`: more for
    `/readyz`.
    """

    handle: Handle
    routers: Sequence[APIRouter]
    loops: Mapping[str, Loop] = field(default_factory=dict)
    after_commit: Callable[[], None] = lambda: None
    checks: Callable[[], Awaitable[Mapping[str, Any]]] | None = None


@dataclass(frozen=True, slots=True)
class Service(Generic[S]):
    """What a service is. `name` is its consumer group too. `reads_watermarks`: whether `Platform.watermarks` is fed."""

    name: str
    title: str
    publishes: Sequence[str]
    consumes: Sequence[str]
    migrations: Path
    wire: Callable[[Platform[S]], Parts]
    reads_watermarks: bool = False

    @property
    def source(self) -> str:
        """Its CloudEvents source."""
        return f"/amends/{self.name}"


class _Running(Generic[S]):
    """One running instance."""

    def __init__(self, service: Service[S], settings: S) -> None:
        self._service = service
        self._settings = settings
        self._tasks = Tasks()
        self._policies_known = asyncio.Event()
        self._up = False
        self._http = httpx.AsyncClient(timeout=10)
        self._engine = engine_for(settings.database_url, application=service.name, pool_size=settings.database_pool)
        self._bus = connect(settings.bus_url)
        sweep_s = settings.relay_sweep_ms / 1000
        self._relay = Relay(settings.database_url, self._bus, batch=settings.relay_batch, sweep_s=sweep_s)
        interval_s = settings.watermark_interval_ms / 1000
        self._publisher = WatermarkPublisher(
            settings.database_url,
            self._bus,
            source=service.source,
            topics=service.publishes,
            interval_s=interval_s,
        )
        self._platform = self._make_platform()
        self._parts = service.wire(self._platform)

    def _make_platform(self) -> Platform[S]:
        settings = self._settings
        secret = settings.client_secret.get_secret_value()
        return Platform(
            settings=settings,
            engine=self._engine,
            bus=self._bus,
            outbox=Outbox(self._service.source, settings.event_bytes_max),
            policies=PolicyBook(),
            watermarks=WatermarkView(self._bus),
            http=self._http,
            tokens=ServiceTokens(settings.issuer_url, settings.client_id, secret, self._http),
            wake_relay=self._relay.wake,
        )

    def app(self) -> FastAPI:
        """Return the HTTP application."""
        return build_app(
            title=self._service.title,
            engine=self._engine,
            verifier=Verifier(self._settings.issuer_url, Keys(self._settings.issuer_url, self._http)),
            routers=self._parts.routers,
            handle=self._parts.handle,
            readiness=self.readiness,
            after_request=self._relay.wake,
        )

    async def start(self) -> None:
        """Bring the database up to date, connect the bus, start the loops; each waits for what is away."""
        await self._until_it_heals("database", self._prepare_database)
        await self._until_it_heals("bus", self._bus.start)
        for name, loop in self._loops().items():
            self._tasks.start(name, loop)
        self._up = True
        log.info("up", port=self._settings.listen_port)

    async def _prepare_database(self) -> None:
        await migrations.migrate(self._engine, self._service.migrations)
        await migrations.keep_anchor(self._engine, self._settings.anchor())

    async def _until_it_heals(self, what: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
                return
            except Exception as error:
                log.warning("waiting at start", for_=what, error=repr(error))
                await asyncio.sleep(1)

    def _loops(self) -> dict[str, Loop]:
        service, platform = self._service, self._platform
        consumer = Consumer(
            self._engine,
            self._bus,
            group=service.name,
            topics=service.consumes,
            handle=self._parts.handle,
            after_commit=self._after_commit,
            batch=self._settings.consumer_batch,
        )
        return {
            "policies": lambda: upkeep.read_policies(self._engine, self._bus, platform.policies, self._policies_known),
            "relay": self._relay.run,
            "watermark publisher": self._publisher.run,
            "consumer": consumer.run,
            "dead letters": lambda: dead_letters.send_copies(self._engine, self._bus, service.name),
            "metrics": lambda: upkeep.measure(self._engine, self._bus, service.consumes, self._publisher),
            "forgetting": lambda: upkeep.forget(self._engine),
            **({"watermarks": platform.watermarks.run} if service.reads_watermarks else {}),
            **self._parts.loops,
        }

    def _after_commit(self) -> None:
        self._relay.wake()
        self._parts.after_commit()

    async def readiness(self) -> dict[str, Any]:
        """Say what is missing: database, start, policies, outbox bound, loops stopped for good."""
        checks: dict[str, Any] = {"started": "ok" if self._up else "starting: waits for database or bus"}
        checks["database"] = await self._database_check()
        checks["policies"] = "ok" if self._policies_known.is_set() else "not read to the end yet"
        checks |= {f"loop {name}": reason for name, reason in self._tasks.stopped_for_good.items()}
        if self._parts.checks is not None:
            checks |= await self._parts.checks()
        return checks

    async def _database_check(self) -> str:
        try:
            async with asyncio.timeout(3), reading(self._engine) as tx:
                if not self._up:
                    return "ok"
                limit = self._settings.outbox_unsent_max
                query = text("SELECT count(*) FROM (SELECT 1 FROM outbox WHERE sent_at IS NULL LIMIT :n) u")
                unsent = (await tx.execute(query, {"n": limit + 1})).scalar_one()
        except Exception as error:
            return f"away: {type(error).__name__}; check DATABASE_URL and the server"
        return "ok" if unsent <= limit else f"more than {limit} events wait for the bus (OUTBOX_UNSENT_MAX)"

    async def stop(self) -> None:
        """Stop the loops, then let the connections go."""
        await self._tasks.stop()
        await self._bus.stop()
        await self._http.aclose()
        await self._engine.dispose()


def run(service: Service[S], settings: S) -> None:
    """Run until SIGTERM or SIGINT, then stop within the limit."""
    logs.configure(service.name)
    asyncio.run(_serve(service, settings))


async def _serve(service: Service[S], settings: S) -> None:
    running = _Running(service, settings)
    config = uvicorn.Config(
        running.app(),
        host=settings.listen_host,
        port=settings.listen_port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=5,
        lifespan="off",
    )
    # uvicorn raises the signal again after its clean stop, before ours: this handler makes that an ordinary end.
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, _stopped)
    starting = asyncio.create_task(running.start())
    try:
        await uvicorn.Server(config).serve()
    finally:
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(settings.stop_s_max):
                await running.stop()


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    return
