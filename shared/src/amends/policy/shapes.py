"""Rows that contradict themselves: no target, two targets, a step without what it needs, windows that leave hours out."""

from collections.abc import Iterator
from itertools import pairwise

from amends.policy.due import wall_clock
from amends.policy.findings import Finding
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from amends.policy.steps import AmountRule, EscalateStep, RemedyStep
from amends.policy.values import RemedyType

_FITTING: dict[RemedyType, tuple[AmountRule, ...]] = {
    "full_refund": ("affected_in_full",),
    "partial_refund": ("missing_share",),
    "cash_voucher": ("by_severity", "percent_of_paid"),
    "coupon": ("by_severity", "percent_of_paid"),
    "points": ("by_severity", "percent_of_paid"),
}
_SECOND = "dept_reply_second"
_OF_DEPARTMENTS = ("dept_reply", _SECOND)


def find_misshapen_rows(policy: Policy) -> tuple[Finding, ...]:
    """Return a finding for everything that a row says against itself, calendars and amounts included."""
    found: list[Finding] = []
    for row in policy.clocks:
        found += [Finding(f"clocks {row.name}", message) for message in (*_target(row), *_pauses(row), *_steps(row))]
    return (*found, *_calendars(policy), *_amounts(policy), *_codes(policy))


def _target(row: ClockRow) -> Iterator[str]:
    given = [
        name
        for name, there in (("target", row.target), ("working_days", row.working_days), ("window", row.window))
        if there
    ]
    if row.start == "agreed" and given:
        yield f"a time agreed with the customer has no {given[0]} of its own"
    if row.start != "agreed" and len(given) != 1:
        yield f"needs exactly one of target, working_days, window; it has {', '.join(given) or 'none'}"
    if row.working_days is not None and row.calendar is None:
        yield "working_days need a calendar"
    if row.window:
        if row.calendar is not None:
            yield "a window is wall-clock time and takes no calendar"
        yield from _window(row)
    if not row.stop:
        yield "nothing stops this clock"


def _window(row: ClockRow) -> Iterator[str]:
    windows = sorted(row.window, key=lambda w: wall_clock(w.since))
    edges = [("", "00:00"), *((w.since, w.until) for w in windows), ("24:00", "")]
    for (_, until), (since, _) in pairwise(edges):
        if wall_clock(until) < wall_clock(since):
            yield f"the windows leave out {until} to {since}"
        if wall_clock(until) > wall_clock(since):
            yield f"the windows overlap from {since} to {until}"
    for window in windows:
        due = wall_clock(window.by) + wall_clock("24:00") * window.days
        if due < wall_clock(window.until):
            yield f"accepted just before {window.until} would be due earlier, at {window.by}"


def _steps(row: ClockRow) -> Iterator[str]:
    remedies = [step for step in row.on_breach if isinstance(step, RemedyStep)]
    for step in remedies:
        if step.amount not in _FITTING[step.remedy]:
            fitting = " or ".join(_FITTING[step.remedy])
            yield f"step {step.step}: the amount of a {step.remedy} is {fitting}, not {step.amount}"
        yield from _percentage(step)
    if len({step.step for step in remedies}) < len(remedies):
        yield "two remedies in one step; a ticket gets one per clock and step"
    for entry in row.on_breach:
        if row.clock == _SECOND and entry.step != 2:  # noqa: PLR2004 - what the clock's name says
            yield "this clock's breach is step 2"
        if row.clock != _SECOND and entry.step != 1 and not (isinstance(entry, EscalateStep) and entry.after):
            yield "a second step here must be an escalation that says `after` how long"
        if entry.step == 1 and isinstance(entry, EscalateStep) and entry.after:
            yield "only a second step comes `after`"


def _percentage(step: RemedyStep) -> Iterator[str]:
    by_percent = step.amount == "percent_of_paid"
    if by_percent and step.percent is None:
        yield f"step {step.step}: percent_of_paid needs its percent"
    given = [name for name in ("percent", "amount_min", "amount_max") if getattr(step, name) is not None]
    if not by_percent and given:
        yield f"step {step.step}: {', '.join(given)} belongs to percent_of_paid, not to {step.amount}"
    if step.amount_min is not None and step.amount_max is not None and step.amount_min > step.amount_max:
        yield f"step {step.step}: amount_min is above amount_max"


def _pauses(row: ClockRow) -> Iterator[str]:
    if not row.pauses:
        return
    if row.clock in _OF_DEPARTMENTS:
        yield "a department's clock never pauses: asking the customer does not excuse the department"
    if row.target is None:
        yield "only a row with a target can pause; days, windows and agreed times are dates that stand"


def _calendars(policy: Policy) -> Iterator[Finding]:
    for name, row in policy.calendars.items():
        try:
            row.build(policy.timezone)
        except ValueError as error:
            yield Finding(f"calendars.{name}", str(error))
        except KeyError:
            return  # no such zone; found elsewhere


def _amounts(policy: Policy) -> Iterator[Finding]:
    voucher = policy.amounts.voucher
    if voucher.amount_min > voucher.amount_max:
        yield Finding("amounts.voucher", "amount_min is above amount_max")
    for level in (1, 2, 3, 4):
        severity = policy.amounts.severity_by_level.get(level)
        if severity is None:
            yield Finding("amounts.severity_by_level", f"level {level} has no severity")
        elif severity not in voucher.percent_by_severity:
            yield Finding("amounts.voucher", f"severity {severity} of level {level} has no percentage")
    if policy.amounts.limits.agent > policy.amounts.limits.team_leader:
        yield Finding("amounts.limits", "an agent's limit is above the team leader's")


def _codes(policy: Policy) -> Iterator[Finding]:
    ranges = sorted(policy.complaint_codes, key=lambda r: r.first)
    for row in ranges:
        if row.first > row.last:
            yield Finding(f"complaint_codes {row.id}", "first is above last")
    for lower, upper in pairwise(ranges):
        if upper.first <= lower.last:
            yield Finding(f"complaint_codes {upper.id}", f"overlaps with {lower.id}")
