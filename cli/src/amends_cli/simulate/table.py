"""What a simulation says, for people: one line an event, wall-clock times, no envelopes."""

import io
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from amends.currency import in_major_units
from amends.instants import parse_instant
from amends_cli.simulate.telling import Said

_WIDTH_MAX = 140
_LEFT_OUT = frozenset(
    {"policy_version", "calendar_confirmed", "basis", "remedy_id", "as_of_sequence", "channel", "revisit_id"}
    | {"external_reference", "warn_at", "start_at", "evidence", "currency"}
)
"""What only a program asks for, and the currency, which stands with its amount."""


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
    currency = data.get("currency", "")
    return ", ".join(
        f"{name} {_shown(name, value, currency, zone)}" for name, value in data.items() if name not in _LEFT_OUT
    )


def _shown(name: str, value: Any, currency: str, zone: ZoneInfo) -> str:
    if name.endswith("_at") or name == "from":
        return parse_instant(value).astimezone(zone).strftime("%a %d %b %H:%M:%S")
    if name == "amount" and currency:
        return f"{currency} {in_major_units(value, currency)}"
    if isinstance(value, Mapping):
        return " ".join(_shown(part, one, currency, zone) for part, one in value.items())
    if isinstance(value, list):
        return "; ".join(_shown("", one, currency, zone) for one in value)
    return str(value)
