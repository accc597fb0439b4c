"""intake: tickets and their life. `python -m intake_svc.main`, settings from the environment."""

from amends.db import Tx
from amends.events.envelope import Event
from amends.events.registry import COMPENSATION_TOPIC, CONTACT_TOPIC, SLA_TOPIC, TICKET_TOPIC
from amends.ids import new_id
from amends.migrations import location
from amends.service import Parts, Platform, Service, run
from intake_svc.api.door import Door
from intake_svc.api.opening import opening_router
from intake_svc.api.reading import reading_router
from intake_svc.api.steps import steps_router
from intake_svc.handlers import consumed
from intake_svc.handlers.desk import Desk
from intake_svc.handlers.numbers import Serials
from intake_svc.settings import IntakeSettings
from intake_svc.workers.groups import GroupWatch
from intake_svc.workers.robot import RobotWatch


def wire(platform: Platform[IntakeSettings]) -> Parts:
    """Put intake's parts together."""
    settings = platform.settings
    desk = Desk(platform.outbox, platform.policies, settings.limits(), new_id)
    serials = Serials(platform.engine, settings.anchor().now, settings.serials_per_block)
    groups = GroupWatch(platform.engine, desk, platform.wake_relay, sweep_s=settings.group_sweep_ms / 1000)
    door = Door(platform.engine, desk, serials, settings, opened=groups.wake)

    async def handle(tx: Tx, event: Event) -> None:
        await consumed.handle(tx, desk, event)

    robot = RobotWatch(
        platform.engine,
        platform.outbox,
        platform.policies,
        settings.anchor(),
        platform.wake_relay,
        every_s=settings.robot_check_ms / 1000,
    )
    routers = (opening_router(door), reading_router(door), steps_router(door))
    return Parts(handle=handle, routers=routers, loops={"robot": robot.run, "groups": groups.run})


def main() -> None:
    """Run until told to stop."""
    service = Service(
        name="intake",
        title="Amends intake",
        publishes=(TICKET_TOPIC,),
        consumes=(SLA_TOPIC, COMPENSATION_TOPIC, CONTACT_TOPIC),
        migrations=location(__file__),
        wire=wire,
    )
    run(service, IntakeSettings())


if __name__ == "__main__":
    main()
