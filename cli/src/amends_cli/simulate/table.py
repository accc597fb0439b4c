"""What a simulation says, for people: one line an event, wall-clock times, no envelopes."""

import io
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from amends.instants import parse_instant
from amends_cli.simulate.telling import Said

_WIDTH_MAX = 140
_LEFT_OUT = frozenset({"policy_version", "calendar_confirmed", "basis", "remedy_id", "as_of_sequence", "channel"})
_LEFT_OUT_TOO = frozenset({"revisit_id", "external_reference", "warn_at", "start_at", "evidence"})


def write_table(said: Iterable[list[Said]], out: BinaryIO, timezone: str) -> None:
    """Write all events as one table, with times of the policy's zone."""
    zone = ZoneInfo(timezone)
    table = Table("time", "ticket", "event", "what", title=f"times of {timezone}", title_justify="left")
    count = 0
    for events in said:
        for one in events:
            count += 1
            when = one.time.astimezone(zone).strftime("%a %d %b %H:%M:%S")
            what = one.fact.wire_type.removeprefix("amends.").rpartition(".")[0]
            table.add_row(when, one.subject, what, _told(one.fact.to_data(), zone))
    text = io.StringIO()
    console = Console(file=text, width=_WIDTH_MAX, highlight=False)
    console.print(table)
    console.print(f"{count} events")
    out.write(text.getvalue().encode())


def _told(data: Mapping[str, Any], zone: ZoneInfo) -> str:
    return ", ".join(
        f"{name} {_shown(name, value, zone)}" for name, value in data.items() if name not in _LEFT_OUT | _LEFT_OUT_TOO
    )


def _shown(name: str, value: Any, zone: ZoneInfo) -> str:
    if name.endswith("_at") or name == "from":
        return parse_instant(value).astimezone(zone).strftime("%a %d %b %H:%M:%S")
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values())
    if isinstance(value, list):
        return "; ".join(_shown("", part, zone) for part in value)
    return str(value)
