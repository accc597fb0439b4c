"""A whole run: lines in, events out, in order of time."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter

from amends.events.ticket import TicketReopened
from amends.instants import format_instant
from amends_cli.simulate.reading import BadLine, Heard, read_line
from amends_cli.simulate.simulation import Simulation
from amends_cli.simulate.telling import Said

_REOPENED = TicketReopened.wire_type.encode()


def simulate(
    lines: Iterable[bytes], simulation: Simulation, *, until: datetime | None = None, sort: bool = False
) -> Iterator[list[Said]]:
    """Run a stream up to and including `until` (default: the time of its last event), a list of events at a time.

    Raises:
        BadLine: a line that cannot be read, or that comes before one of an earlier time and `sort` is not asked for.
    """
    last: datetime | None = None
    for heard in _in_order(lines, sort=sort):
        if until is not None and heard.time > until:
            continue
        last = heard.time
        yield from simulation.fire_before(heard.time)
        yield simulation.hear(heard)
    end = until or last
    if end is not None:
        yield from simulation.fire_until(end)


def reopenings_in(lines: Iterable[bytes]) -> frozenset[str]:
    """Return the ids of the events after which the input itself holds a reopening. A bad line is found later."""
    found = set()
    for line in lines:
        if _REOPENED in line or b"\\u" in line:
            try:
                raw = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(raw, dict) and raw.get("type") == TicketReopened.wire_type:
                found.add(str(raw.get("causationid")))
    return frozenset(found)


def _in_order(lines: Iterable[bytes], *, sort: bool) -> Iterable[Heard]:
    read = (heard for number, line in enumerate(lines, 1) if (heard := read_line(number, line)) is not None)
    return sorted(read, key=attrgetter("time")) if sort else _checked(read)


def _checked(stream: Iterable[Heard]) -> Iterator[Heard]:
    before: Heard | None = None
    for heard in stream:
        if before is not None and heard.time < before.time:
            what = f"{format_instant(heard.time)} is earlier than line {before.line}'s {format_instant(before.time)}"
            raise BadLine(heard.line, "time", f"{what}; use --sort")
        before = heard
        yield heard
