"""sla: every ticket's deadlines. Wires its parts and runs."""

from amends.events.registry import ALERT_TOPIC, POLICY_TOPIC, SLA_TOPIC
from amends.migrations import location
from amends.service import Parts, Platform, Service, run
from sla_svc.api.clocks import clocks_router
from sla_svc.api.policies import policies_router
from sla_svc.handlers.storing import store
from sla_svc.settings import SlaSettings
from sla_svc.workers import TOPICS, Applier


def wire(platform: Platform[SlaSettings]) -> Parts:
    """Put sla's own parts together from the platform's ports."""
    applier = Applier(
        platform.engine,
        platform.outbox,
        platform.policies,
        platform.watermarks,
        platform.wake_relay,
        tickets_per_transaction=platform.settings.tickets_per_transaction,
        sweep_s=platform.settings.timer_sweep_s,
    )
    return Parts(
        handle=store,
        routers=[clocks_router(platform.engine, platform.policies), policies_router(platform.engine, platform.outbox)],
        loops={"applier": applier.run},
        checks=applier.checks,
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
