"""Tables of dates for a policy's calendar: holidays, make-up working days, days with hours of their own."""

import csv
import json
from collections.abc import Mapping
from datetime import date
from io import StringIO
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from amends.policy.calendars import CalendarRow, Weekday, Window
from amends.policy.model import Policy
from amends.policy.text import read_yaml
from amends.policy.values import Frozen, Many

Day = Literal["closed", "working"] | tuple[Window, ...]
_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_A_TABLE: Final = "a table is a mapping of date to closed, working or windows"


class TableError(ValueError):
    """A table that cannot be read, or does not fit the policy; the message says where and why."""


class DateTable(Frozen):
    """What to lay into one calendar of a policy.

    A date is `closed`, `working` (with the hours of its weekday, or Monday's when that has none), or has windows of its
    own. `confirms`: years whose holidays are known from now on. `calendar`: its name; None: the only one of the policy
    that knows holidays at all.
    """

    calendar: str | None = None
    dates: dict[date, Day] = Field(min_length=1)
    confirms: Many[int] = ()


def read_table(text: str, notation: Literal["csv", "json", "yaml"]) -> DateTable:
    """Read a table: date → `closed`, `working`, or windows (`09:00-12:00 13:00-18:00` or `[["09:00", "12:00"]]`).

    CSV has two columns, with or without a header, others are passed over. JSON and YAML hold the mapping itself, or
    `{calendar, dates, confirms}`.

    Raises:
        TableError: with the line (CSV) or date of what cannot be read.
    """
    raw: Mapping[str, Any] = {"dates": _csv(text)} if notation == "csv" else _mapping(text, notation)
    if "dates" not in raw:
        raw = {"dates": raw}
    days = raw["dates"]
    if not isinstance(days, Mapping):
        raise TableError("dates: a mapping of date to closed, working or windows")
    return table_of({**raw, "dates": {str(day): _day(value) for day, value in days.items()}})


def table_of(raw: Mapping[str, Any]) -> DateTable:
    """Return the table of a JSON object `{calendar?, dates, confirms?}`. Raises TableError."""
    try:
        return DateTable.model_validate(raw)
    except ValidationError as error:
        raise TableError(_told(error)) from None


def lay_into(policy: Policy, table: DateTable) -> Policy:
    """Return the policy with these dates in its calendar; dates that the table does not name stay as they are.

    Raises:
        TableError: no such calendar, or one that would never open.
    """
    name = table.calendar or _only_calendar(policy)
    row = policy.calendars.get(name)
    if row is None:
        raise TableError(f"the policy has no calendar {name!r}; it has {', '.join(sorted(policy.calendars))}")
    changed = _laid(row, table)
    try:
        changed.build(policy.timezone)
    except ValueError as error:
        raise TableError(f"calendar {name}: {error}") from None
    return policy.with_calendars({**policy.calendars, name: changed})


def _laid(row: CalendarRow, table: DateTable) -> CalendarRow:
    closed, special = set(row.closed), dict(row.special)
    for day, what in table.dates.items():
        closed.discard(day)
        special.pop(day, None)
        hours = row.weekly.get(_WEEKDAYS[day.weekday()], ())
        if what == "closed":
            closed.add(day)
        elif what != "working":
            special[day] = what
        elif not hours:
            special[day] = row.weekly.get("mon", ())
    confirmed = row.confirmed_years
    if table.confirms and confirmed is not None:  # None: a calendar that knows no holidays, and needs none confirmed
        confirmed = tuple(sorted({*confirmed, *table.confirms}))
    changes = {"closed": tuple(sorted(closed)), "special": dict(sorted(special.items())), "confirmed_years": confirmed}
    return row.model_copy(update=changes)


def _only_calendar(policy: Policy) -> str:
    names = [name for name, row in policy.calendars.items() if row.confirmed_years is not None]
    if len(names) != 1:
        raise TableError(f"say which calendar: the policy has {', '.join(sorted(policy.calendars))}")
    return names[0]


def _csv(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, cells in enumerate(csv.reader(StringIO(text)), start=1):
        fields = [cell.strip() for cell in cells]
        if not any(fields) or fields[0].startswith("#") or (not found and fields[0].lower() == "date"):
            continue
        if len(fields) < 2:  # noqa: PLR2004 - a date and what it is
            raise TableError(f"line {number}: a date and closed, working or windows, separated by a comma")
        try:
            day = date.fromisoformat(fields[0]).isoformat()
        except ValueError:
            raise TableError(f"line {number}: {fields[0]!r} is no date such as 2027-01-01") from None
        if day in found:
            raise TableError(f"line {number}: {day} is given twice")
        found[day] = fields[1]
    return found


def _mapping(text: str, notation: str) -> dict[str, Any]:
    try:
        raw = json.loads(text, object_pairs_hook=_once) if notation == "json" else read_yaml(text, _A_TABLE)
    except ValueError as error:
        raise TableError(str(error)) from None
    if not isinstance(raw, dict):
        raise TableError(_A_TABLE)
    return raw


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise TableError(f"{next(name for name in names if names.count(name) > 1)} is given twice")
    return found


def _day(value: Any) -> Any:
    """Read `09:00-12:00 13:00-18:00` as windows; everything else is left to the model."""
    if isinstance(value, str) and value not in ("closed", "working"):
        return [part.split("-") for part in value.replace(";", " ").split()]
    return value


def _told(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        place = [str(part) for part in problem["loc"]]
        if place[:1] == ["dates"] and len(place) > 1:
            said = "is no date such as 2027-01-01" if place[-1] == "[key]" else "is closed, working, or windows such as"
            lines.append(f"{place[1]}: {said}" + ("" if place[-1] == "[key]" else ' [["09:00", "12:00"]]'))
        else:
            lines.append(f"{'.'.join(place)}: {problem['msg']}")
    return "; ".join(dict.fromkeys(lines))
