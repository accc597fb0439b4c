"""Remedies: each promised one decided, approved where it must be, issued and charged, once; and none beside them. Pure."""

from collections import Counter
from collections.abc import Iterator

from amends.events.compensation import (
    CompensationApproved,
    CompensationChargedBack,
    CompensationDecided,
    CompensationFailed,
    CompensationHeld,
    CompensationIssued,
    CompensationRejected,
    CompensationReversed,
)
from amends_cli.demo.model import CURRENCY, Case, Remedy
from amends_cli.demo.story import Story


def money_differences(case: Case, story: Story) -> Iterator[str]:
    """Say where a ticket's remedies differ from what the rulebook promises."""
    yield from _once(case, story)
    expected = {(remedy.clock, remedy.step): remedy for remedy in case.expected.remedies}
    for decided in story.all(CompensationDecided):
        remedy = expected.get((decided.clock or "", decided.step or 0))
        if remedy is not None:
            yield from _terms(case, remedy, decided)
            yield from _carried_out(remedy, decided, story)
    yield from _held(case, story)
    for kind in (CompensationFailed, CompensationReversed, CompensationRejected):
        if story.all(kind):
            yield f"a remedy was {kind.__name__.removeprefix('Compensation').lower()}"


def _once(case: Case, story: Story) -> Iterator[str]:
    counted = Counter((fact.clock or "", fact.step or 0) for fact in story.all(CompensationDecided))
    expected = {(remedy.clock, remedy.step) for remedy in case.expected.remedies}
    for clock, step in sorted(expected - counted.keys()):
        yield f"no remedy was decided for {clock}, step {step}"
    for (clock, step), times in sorted(counted.items()):
        if (clock, step) not in expected:
            yield f"a remedy was decided for {clock or 'no clock'}, step {step}, and should not be"
        elif times > 1:
            yield f"{times} remedies were decided for {clock}, step {step}; one is promised"


def _terms(case: Case, remedy: Remedy, decided: CompensationDecided) -> Iterator[str]:
    compared = {
        "remedy": (decided.remedy, remedy.remedy),
        "amount": (decided.amount, remedy.amount),
        "currency": (decided.currency, CURRENCY),
        "rule": (decided.rule, case.rule),
        "payer": (decided.payer, remedy.payer),
        "approval": (decided.approval, remedy.approval),
    }
    for name, (found, promised) in compared.items():
        if found != promised:
            yield f"remedy for {remedy.clock}, step {remedy.step}: {name} is {found}, should be {promised}"


def _carried_out(remedy: Remedy, decided: CompensationDecided, story: Story) -> Iterator[str]:
    name = f"remedy for {remedy.clock}, step {remedy.step}"
    issued = sum(fact.remedy_id == decided.remedy_id for fact in story.all(CompensationIssued))
    if issued != 1:
        yield f"{name} was issued {issued} times"
    approved = [fact for fact in story.all(CompensationApproved) if fact.remedy_id == decided.remedy_id]
    if len(approved) != (1 if remedy.approval == "required" else 0):
        yield f"{name} was approved {len(approved)} times"
    charged = [
        (fact.party, fact.amount)
        for fact in story.all(CompensationChargedBack)
        if fact.remedy_id in {decided.remedy_id, None}
    ]
    payer = remedy.pays_in_the_end
    promised = [] if payer is None else [(payer, remedy.amount)]
    if charged != promised:
        yield f"{name} was charged back as {charged}; should be {promised}"


def _held(case: Case, story: Story) -> Iterator[str]:
    held = story.timed(CompensationHeld)
    if len(held) != int(case.expected.held):
        yield f"a remedy was held {len(held)} times, not {int(case.expected.held)}"
    for at, _ in held:
        if any(decided_at < at for decided_at, _ in story.timed(CompensationDecided)):
            yield "a remedy was decided before it was held"
