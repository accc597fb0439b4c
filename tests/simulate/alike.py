"""Whether a running suite and a simulation of what it recorded say the same of its tickets."""

from collections.abc import Callable
from datetime import datetime

from tests.e2e.api import Api
from tests.simulate.recording import SOURCES, Json, differences, simulated, told

from amends.events.ticket import TicketRobotSwitched
from amends.instants import parse_instant
from amends_cli.suite.folder import SERVICES

SETTLED_WITHIN_S = 240.0
ROBOT_SWITCHED = TicketRobotSwitched.wire_type


class Unlike(list[str]):
    """What differs: false, so that whoever waits asks again, and readable when time is over."""

    def __bool__(self) -> bool:
        return False


async def alike(api: Api, complete_until: datetime, about: Callable[[str], bool]) -> str | Unlike:
    """Compare what the suite published about these tickets with its simulation; return the counts, or what differs."""
    events = [event for event in await recorded(api) if event["type"] == ROBOT_SWITCHED or about(event["subject"])]
    again = simulated(events, max(parse_instant(event["time"]) for event in events))
    found = differences(events, again, complete_until=complete_until)
    if found:
        return Unlike(found[:20])
    counts = {source: sum(len(it.facts) for key, it in told(events).items() if key[1] == source) for source in SOURCES}
    return ", ".join(f"{count} events of {source.rpartition('/')[2]}" for source, count in counts.items())


async def recorded(api: Api) -> list[Json]:
    """Return what the suite published about tickets and the robot, from `GET /v1/events` of each service."""
    events = [event for service in SERVICES for event in await api.events(service)]
    return [event for event in events if "sequence" in event or event["type"] == ROBOT_SWITCHED]
