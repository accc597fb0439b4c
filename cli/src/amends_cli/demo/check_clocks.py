"""Deadlines, escalations, penalties: what was missed, what was met, and when each was due. Pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from amends.events.data import EventData
from amends.events.sla import (
    SlaClockStarted,
    SlaClockStopped,
    SlaDeadlineBreached,
    SlaEscalated,
    SlaPenaltyIncurred,
)
from amends.events.ticket import TicketDepartmentReplied, TicketSolutionExecuted
from amends.policy.due import due
from amends.policy.model import Policy
from amends_cli.demo.model import Breach, Case
from amends_cli.demo.story import Story

WATCHED = frozenset({
    "dept_reply", "dept_reply_second", "refund_execute", "goodwill_offer",
    "assess", "complete", "escalate", "contact_interval",
})  # fmt: skip
"""Clocks whose breach the scenario foretells. The others depend on how fast people answer on the real clock."""
_ANSWERS: Final[dict[str, type[EventData]]] = {
    "dept_reply": TicketDepartmentReplied,
    "dept_reply_second": TicketDepartmentReplied,
    "refund_execute": TicketSolutionExecuted,
}
_FROM_OPENING = WATCHED - {"dept_reply", "dept_reply_second"}


def clock_differences(case: Case, story: Story, policy: Policy) -> Iterator[str]:
    """Say where a ticket's clocks differ from what the rulebook promises."""
    yield from _premises(case, story)
    yield from _breaches(case, story)
    yield from _runs(story)
    yield from _met(case, story)
    yield from _due_times(story, policy)
    yield from _starts(story)
    yield from _escalations(case, story)
    yield from _penalties(case, story)


def _premises(case: Case, story: Story) -> Iterator[str]:
    """The script's own answers must be recorded in time: else the rulebook promises something else than the case says."""
    for clock, answer in _ANSWERS.items():
        start, recorded = story.start(clock, 1), [at for at, _ in story.timed(answer)]
        if clock in case.expected.met and start is not None and recorded and max(recorded) > start.due_at:
            late = max(recorded) - start.due_at
            yield f"the script's answer to {clock} was recorded {late} late: the machine was too slow, or intake away too long"


def _breaches(case: Case, story: Story) -> Iterator[str]:
    found = [(at, fact) for at, fact in story.timed(SlaDeadlineBreached) if fact.clock in WATCHED]
    counted = Counter((fact.clock, fact.run, fact.step) for _, fact in found)
    expected = {(breach.clock, breach.run, breach.step): breach for breach in case.expected.breaches}
    for key in expected.keys() - counted.keys():
        yield f"deadline {_name(key)} was not breached"
    for key, times in sorted(counted.items()):
        if key not in expected:
            yield f"deadline {_name(key)} was breached, and should not be"
        elif times > 1:
            yield f"deadline {_name(key)} was breached {times} times"
    for at, fact in found:
        breach = expected.get((fact.clock, fact.run, fact.step))
        if breach is not None:
            yield from _breach(case, story, breach, fact, at)


def _breach(case: Case, story: Story, breach: Breach, fact: SlaDeadlineBreached, at: datetime) -> Iterator[str]:
    name = _name((fact.clock, fact.run, fact.step))
    rule = breach.rule or case.rule
    if fact.rule != rule:
        yield f"deadline {name} was breached under rule {fact.rule}, not {rule}"
    start = story.start(fact.clock, fact.run)
    if start is None:
        yield f"deadline {name} was breached without a start"
    elif fact.due_at - start.start_at != breach.within:
        yield f"deadline {name} was due {fact.due_at - start.start_at} after its start, not {breach.within}"
    if at < fact.due_at:
        yield f"deadline {name} was declared breached before it was due"


def _runs(story: Story) -> Iterator[str]:
    """Every run starts once, and stops at most once."""
    starts = Counter((start.clock, start.run) for start in story.all(SlaClockStarted))
    stops = Counter((stop.clock, stop.run) for stop in story.all(SlaClockStopped))
    for clock, run in sorted(starts.keys() | stops.keys()):
        started, stopped = starts[clock, run], stops[clock, run]
        if started != 1 or stopped > 1:
            yield f"clock {clock}, run {run}, started {started} times and stopped {stopped} times"


def _met(case: Case, story: Story) -> Iterator[str]:
    met = {stop.clock for stop in story.all(SlaClockStopped) if stop.outcome == "met"}
    for clock in case.expected.met:
        if clock not in met:
            yield f"clock {clock} was not met"
    runs = sum(start.clock == "contact_interval" for start in story.all(SlaClockStarted))
    if runs != case.expected.contact_runs:
        yield f"contact_interval ran {runs} times, not {case.expected.contact_runs}"


def _due_times(story: Story, policy: Policy) -> Iterator[str]:
    for start in story.all(SlaClockStarted):
        row = policy.row(start.clock, start.rule)
        if row is None:
            yield f"clock {start.clock} runs under rule {start.rule}, which the policy does not have"
        elif row.start != "agreed" and start.due_at != (promised := due(row, start.start_at, policy).due_at):
            yield f"clock {start.clock}, run {start.run}, is due at {start.due_at}; the policy says {promised}"


def _starts(story: Story) -> Iterator[str]:
    """A clock starts at its ticket's acceptance, at the request, or at the deadline missed before: never when found."""
    first = story.start("dept_reply", 1)
    begins = dict.fromkeys(_FROM_OPENING, story.accepted_at)
    begins |= {"dept_reply": story.asked_at, "dept_reply_second": first.due_at if first else None}
    for start in story.all(SlaClockStarted):
        if start.run == 1 and start.clock in begins and start.start_at != begins[start.clock]:
            yield f"clock {start.clock} started at {start.start_at}, not at {begins[start.clock]}"


def _escalations(case: Case, story: Story) -> Iterator[str]:
    found = tuple(fact.to for fact in story.all(SlaEscalated))
    if found != case.expected.escalations:
        yield f"escalated to {_list(found)}; should be {_list(case.expected.escalations)}"


def _penalties(case: Case, story: Story) -> Iterator[str]:
    found = [(fact.amount, fact.rule) for fact in story.all(SlaPenaltyIncurred)]
    expected = [] if case.expected.penalty is None else [(case.expected.penalty, "G2")]
    if found != expected:
        yield f"penalties {found}; should be {expected}"
    if any(fact.owner is None for fact in story.all(SlaPenaltyIncurred)):
        yield "a penalty without an owner"


def _name(key: tuple[str, int, int]) -> str:
    clock, run, step = key
    return f"{clock} (run {run}, step {step})"


def _list(names: tuple[str, ...]) -> str:
    return ", then ".join(names) or "nobody"
