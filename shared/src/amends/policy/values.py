"""The small values that policy rows are made of: durations as people write them, one-or-many lists, frozen rows."""

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

ClockName = Literal[
    "connect",
    "ack",
    "level_response",
    "level_solution",
    "progress_reply",
    "dept_reply",
    "dept_reply_second",
    "refund_execute",
    "goodwill_offer",
    "assess",
    "complete",
    "solve",
    "escalate",
    "contact_interval",
    "feedback",
]
"""The clocks of CONTRACT §3, in its order: the order in which equal instants are worked."""

CLOCK_ORDER: tuple[ClockName, ...] = get_args(ClockName)

Severity = Literal["low", "medium", "high"]
ReviewStage = Literal["first", "recheck", "final"]
StaffRole = Literal["team_leader", "manager"]
FeedbackContent = Literal["process_summary", "solution", "carried_out", "satisfaction", "evaluation", "advice"]
RemedyType = Literal["cash_voucher", "coupon", "points", "partial_refund", "full_refund"]

_UNITS: dict[str, timedelta] = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(hours=24),
}
_WRITTEN = re.compile(r"^\s*(\d+)\s*(s|min|h|d)\s*$")


class Frozen(BaseModel):
    """A row that cannot change once read; a field that nobody knows is an error, so that a typo is never silent."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _read_duration(value: Any) -> Any:
    """Accept `12h`, `15min`, `20s`, `30d` (days of 24 h) beside what Pydantic reads (ISO 8601)."""
    if isinstance(value, bool | int | float):
        raise ValueError("a duration needs its unit, for example 12h, 15min, 20s or PT12H")  # noqa: TRY004
    if isinstance(value, str) and (match := _WRITTEN.match(value)):
        return int(match[1]) * _UNITS[match[2]]
    return value


def _must_be_positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("a duration must be longer than nothing")
    return value


def write_duration(value: timedelta) -> str:
    """Write a duration in its largest whole unit up to hours: `36h`, `15min`, `20s`.

    Raises:
        ValueError: parts of a second, which no policy promises.
    """
    for unit in ("h", "min", "s"):
        if value % _UNITS[unit] == timedelta(0):
            return f"{value // _UNITS[unit]}{unit}"
    raise ValueError(f"{value} is finer than a second")


def _whole_seconds(value: timedelta) -> timedelta:
    write_duration(value)
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_read_duration),
    AfterValidator(_must_be_positive),
    AfterValidator(_whole_seconds),
    PlainSerializer(write_duration, return_type=str),
]
"""An elapsed length of whole seconds, more than zero."""


def _as_many(value: Any) -> Any:
    if value is None:
        return ()
    return (value,) if isinstance(value, str | int) or not isinstance(value, Sequence) else value


T = TypeVar("T")
Many = Annotated[tuple[T, ...], BeforeValidator(_as_many)]
"""One value or a list of them; nothing means the empty tuple."""

Minor = Annotated[int, AfterValidator(lambda v: v if v >= 0 else _refuse_negative(v))]
"""An amount in minor units of the policy's currency (fen), zero or more."""


Percent = Annotated[Decimal, Field(gt=0, le=100)]
"""More than nothing, at most the whole."""


def _refuse_negative(value: int) -> int:
    raise ValueError(f"{value} is negative; amounts are minor units, zero or more")
