"""Whether a running suite and a simulation of what it recorded say the same of its tickets."""

from collections.abc import Callable
from datetime import datetime

from tests.e2e.api import Api
from tests.simulate.recording import SOURCES, Json, differences, overtaken, simulated, told

from amends.events.ticket import TicketRobotSwitched
from amends.instants import parse_instant
from amends_cli.suite.folder import SERVICES

SETTLED_WITHIN_S = 240.0
OVERTAKEN_MAX = 0.2
"""Of the tickets; more of them, and the comparison says little."""
ROBOT_SWITCHED = TicketRobotSwitched.wire_type


class Unlike(list[str]):
    """What differs: false, so that whoever waits asks again, and readable when time is over."""

    def __bool__(self) -> bool:
        return False


async def alike(api: Api, complete_until: datetime, about: Callable[[str], bool]) -> str | Unlike:
    """Compare what the suite published about these tickets with its simulation; return the counts, or what differs."""
    events = [event for event in await recorded(api) if event["type"] == ROBOT_SWITCHED or about(event["subject"])]
    again = simulated(events, max(parse_instant(event["time"]) for event in events))
    left_out, tickets = overtaken(events, again), {event["subject"] for event in events}
    assert len(left_out) <= len(tickets) * OVERTAKEN_MAX, f"{len(left_out)} of {len(tickets)} tickets were overtaken"
    live, again = ([event for event in said if event["subject"] not in left_out] for said in (events, again))
    found = differences(live, again, complete_until=complete_until)
    if found:
        return Unlike(found[:20])
    counts = {source: sum(len(it.facts) for key, it in told(live).items() if key[1] == source) for source in SOURCES}
    said = ", ".join(f"{count} events of {source.rpartition('/')[2]}" for source, count in counts.items())
    return f"{said}; {len(left_out)} tickets overtaken"


async def recorded(api: Api) -> list[Json]:
    """Return what the suite published about tickets and the robot, from `GET /v1/events` of each service."""
    events = [event for service in SERVICES for event in await api.events(service)]
    return [event for event in events if "sequence" in event or event["type"] == ROBOT_SWITCHED]
