"""sla's HTTP door for tests: the application over a database, and callers with tokens of a test issuer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
from tests.issuer import bearer, verifier
from tests.sla.conftest import Suite
from tests.sla.streams import MONDAY

from amends.http.app import build_app
from amends.ids import new_id
from amends.outbox import Outbox
from sla_svc.api.clocks import clocks_router
from sla_svc.api.outages import OutageLimits, outages_router
from sla_svc.api.policies import policies_router
from sla_svc.handlers.storing import store

LIMITS = OutageLimits(timedelta(seconds=300), timedelta(hours=168), timedelta(days=366), now=lambda: MONDAY)
"""Of outages that are declared; their now is the streams' Monday."""


def as_(role: str, tenant: str = "demo", subject: str | None = None, key: str | None = None) -> dict[str, str]:
    """Return the headers of a caller; each call has an idempotency key of its own."""
    return bearer(role, tenant, subject) | {"Idempotency-Key": key or str(new_id())}


@asynccontextmanager
async def door_of(suite: Suite) -> AsyncIterator[httpx.AsyncClient]:
    """Open the door over a suite's database."""

    async def ready() -> dict[str, Any]:
        return {}

    app = build_app(
        title="sla",
        engine=suite.engine,
        verifier=verifier(),
        routers=[
            clocks_router(suite.engine, suite.policies),
            policies_router(suite.engine, Outbox("/amends/sla")),
            outages_router(suite.engine, LIMITS),
        ],
        handle=store,
        readiness=ready,
        after_request=lambda: None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sla.test") as made:
        yield made
