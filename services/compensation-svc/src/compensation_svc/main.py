"""`python -m compensation_svc.main`: the compensation service, settings from the environment."""

from collections.abc import Mapping
from typing import Any

from amends.db import Tx
from amends.events.envelope import Event
from amends.events.registry import COMPENSATION_TOPIC, SLA_TOPIC, TICKET_TOPIC
from amends.ids import new_id
from amends.migrations import location
from amends.service import Parts, Platform, Service, run
from compensation_svc.api.routers import routers
from compensation_svc.decisions.calls import Backoff
from compensation_svc.handlers import consume
from compensation_svc.handlers.ports import Ports
from compensation_svc.settings import CompensationSettings
from compensation_svc.workers.calls import MoneyCalls, Pace, measure
from compensation_svc.workers.storefront import Storefront


def wire(platform: Platform[CompensationSettings]) -> Parts:
    """Put the service together from the platform's ports."""
    settings = platform.settings
    ports = Ports(platform.outbox, platform.policies, new_id, platform.wake_relay)

    async def bearer(tenant: str) -> Mapping[str, str]:
        return await platform.tokens.bearer(tenant)

    async def handle(tx: Tx, event: Event) -> None:
        await consume.handle(tx, ports, event)

    storefront = Storefront(platform.http, settings.storefront_url, bearer, settings.money_timeout_s)
    calls = MoneyCalls(platform.engine, ports, storefront, pace_of(settings))
    loops: dict[str, Any] = {"money calls": calls.run, "open jobs": lambda: measure(platform.engine)}
    return Parts(
        handle=handle, routers=routers(platform.engine, ports, calls.wake), loops=loops, after_commit=calls.wake
    )


def pace_of(settings: CompensationSettings) -> Pace:
    """Return the worker's pace."""
    return Pace(
        in_flight_max=settings.money_in_flight_max,
        lease_s=settings.money_lease_s,
        poll_s=settings.money_poll_s,
        backoff=Backoff(settings.money_retry_first_s, settings.money_retry_longest_s),
        stop_s_max=settings.money_timeout_s + 1,
    )


def main() -> None:
    """Run until SIGTERM."""
    service = Service(
        name="compensation",
        title="Amends compensation",
        publishes=(COMPENSATION_TOPIC,),
        consumes=(TICKET_TOPIC, SLA_TOPIC),
        migrations=location(__file__),
        wire=wire,
    )
    run(service, CompensationSettings())


if __name__ == "__main__":
    main()
