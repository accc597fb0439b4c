"""sla: every ticket's deadlines. Wires its parts and runs."""

from collections.abc import Mapping
from datetime import timedelta

from amends.clock import real_now
from amends.events.registry import ALERT_TOPIC, POLICY_TOPIC, SLA_TOPIC
from amends.migrations import location
from amends.service import Parts, Platform, Service, run
from sla_svc.api.clocks import clocks_router
from sla_svc.api.outages import OutageLimits, outages_router
from sla_svc.api.policies import policies_router
from sla_svc.decisions.holidays import unknown_holidays
from sla_svc.handlers.storing import store
from sla_svc.settings import SlaSettings
from sla_svc.workers.applier import TOPICS, Applier
from sla_svc.workers.outages import OutageWatch, read_back_from


def wire(platform: Platform[SlaSettings]) -> Parts:
    """Put sla's own parts together from the platform's ports."""
    settings = platform.settings
    watch = OutageWatch(
        platform.engine, platform.watermarks, read_back_from(platform.bus), hold_after=settings.hold_after()
    )
    applier = Applier(
        platform.engine,
        platform.outbox,
        platform.policies,
        platform.watermarks,
        platform.wake_relay,
        tickets_per_transaction=settings.tickets_per_transaction,
        sweep_s=settings.timer_sweep_s,
        outages=watch,
    )
    limits = OutageLimits(
        hold_after=settings.hold_after(),
        length_max=timedelta(hours=settings.outage_declared_h_max),
        ahead_max=timedelta(days=settings.outage_ahead_d_max),
        now=settings.anchor().now,
    )

    async def checks() -> Mapping[str, str]:
        newest = [platform.policies.latest(tenant) for tenant in platform.policies.tenants()]
        policies = [(entry.tenant, entry.version, entry.policy) for entry in newest]
        return {**await applier.checks(), **unknown_holidays(policies, real_now().year)}

    return Parts(
        handle=store,
        routers=[
            clocks_router(platform.engine, platform.policies),
            policies_router(platform.engine, platform.outbox),
            outages_router(platform.engine, limits),
        ],
        loops={"applier": applier.run, "outages": watch.run},
        checks=checks,
    )


def main() -> None:
    """Run sla with the settings of the environment."""
    service = Service(
        name="sla",
        title="Amends sla: clocks, deadlines, policies",
        publishes=(SLA_TOPIC, ALERT_TOPIC, POLICY_TOPIC),
        consumes=TOPICS,
        migrations=location(__file__),
        wire=wire,
        reads_watermarks=True,
    )
    run(service, SlaSettings())


if __name__ == "__main__":
    main()
