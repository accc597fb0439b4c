"""What the law allows at most, laid over any policy (RULEBOOK P1): rows that promise worse are refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files

from amends.calendar import BusinessCalendar
from amends.policy.calendars import CalendarRow
from amends.policy.findings import Finding
from amends.policy.model import Policy
from amends.policy.rows import ClockRow, RuleId
from amends.policy.steps import RemedyStep
from amends.policy.text import read_yaml
from amends.policy.ties import overlap
from amends.policy.values import ClockName, Duration, Frozen, Many, RemedyType

_REFUNDS: tuple[RemedyType, ...] = ("full_refund", "partial_refund")
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
_HOURS_OF_A_WEEK = 7 * 24


class RefundCeiling(Frozen):
    """How long a refund may take once the goods are back; which clocks and preconditions are about such refunds."""

    within: Duration
    clocks: Many[ClockName]
    preconditions: Many[str]


class AnswerCeiling(Frozen):
    """How long a customer's demand may take: above it, it is deliberate delay."""

    within: Duration
    clocks: Many[ClockName]


class Ceilings(Frozen):
    """The law's limits (P1)."""

    id: RuleId
    refund: RefundCeiling
    answer: AnswerCeiling


@cache
def ceilings() -> Ceilings:
    """Return the limits that ship with the package."""
    text = files("amends.policy").joinpath("statutory.yaml").read_text(encoding="utf-8")
    return Ceilings.model_validate(read_yaml(text))


def find_unlawful_rows(policy: Policy) -> tuple[Finding, ...]:
    """Return a finding for each row whose promise is worse than the law's; at a limit it is not.

    A row is judged with the row whose breach starts it, and in its calendar's ordinary weeks: holidays move the law's
    own days too.
    """
    law = ceilings()
    return tuple(
        Finding(f"clocks {row.name}", message)
        for row in policy.clocks
        if row.clock in law.answer.clocks
        for message in _judged(row, policy, law)
    )


def _judged(row: ClockRow, policy: Policy, law: Ceilings) -> Iterator[str]:
    longest = _longest(row, policy)
    if longest is None:
        return
    before = [_longest(other, policy) or timedelta() for other in policy.clocks if _starts(other, row)]
    promised = longest + max(before, default=timedelta())
    told = f"after {_told(promised)}" + (", the first step's time included" if before else "")
    if _refunds_returned_goods(row, policy, law) and promised > law.refund.within:
        limit = _told(law.refund.within)
        yield f"refunds {told}; by law the money is back within {limit} of the goods' return ({law.id})"
    elif promised > law.answer.within:
        yield f"is due {told}; by law more than {_told(law.answer.within)} is deliberate delay ({law.id})"


def _starts(other: ClockRow, row: ClockRow) -> bool:
    started = (*other.started_clocks(1), *other.started_clocks(2))
    return row.start == "first_breach" and row.clock in started and overlap(other.scope, row.scope)


def _refunds_returned_goods(row: ClockRow, policy: Policy, law: Ceilings) -> bool:
    if row.clock in law.refund.clocks:
        return True
    refunds = [step for step in row.on_breach if isinstance(step, RemedyStep) and step.remedy in _REFUNDS]
    if any(step.precondition in law.refund.preconditions for step in refunds):
        return True
    returning = {name for case in policy.case_types if case.goods_return for name in case.names}
    concerned = returning & set(row.scope.case_type) if row.scope.case_type else returning
    return bool(refunds and concerned)


def _longest(row: ClockRow, policy: Policy) -> timedelta | None:
    """Return the longest time from the row's start to its due time, or None: it has none of its own, or cannot be told."""
    if row.calendar is None:
        return row.target
    hours = policy.calendars.get(row.calendar)
    if hours is None:
        return None  # found elsewhere
    try:
        calendar = CalendarRow(weekly=hours.weekly).build("UTC")
    except ValueError:
        return None  # found elsewhere, or open on dates of its own only
    return max(_due(row, calendar, start) - start for start in _starts_of_a_week())


def _due(row: ClockRow, calendar: BusinessCalendar, start: datetime) -> datetime:
    if row.working_days is not None:
        return calendar.add_working_days(start, row.working_days)
    return calendar.add(start, row.target or timedelta())


def _starts_of_a_week() -> Iterator[datetime]:
    for hour in range(_HOURS_OF_A_WEEK):
        yield _MONDAY + timedelta(hours=hour)


def _told(length: timedelta) -> str:
    days, hours = divmod(length // timedelta(hours=1), 24)
    if not days:
        return f"{hours} h"
    return f"{days} days" + (f" {hours} h" if hours else "")
