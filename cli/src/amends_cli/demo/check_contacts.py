"""Who was told, and when the customer is to be called: messages and revisits. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from amends.events.contact import ContactMessageFailed, ContactMessageSent, ContactRevisitPlanned
from amends.events.sla import SlaClockStarted
from amends.policy.due import revisit_due
from amends.policy.model import Policy
from amends_cli.demo.model import Case, Extend, Take
from amends_cli.demo.story import Story

Told = Counter[tuple[str, str]]
"""How often each (template, receiver) was, or should be, told."""


def expected_messages(case: Case) -> Told:
    """Return the messages that the default policy sends for a case (CONTRACT §2)."""
    expected = case.expected
    told: Told = Counter({("ticket_received", "customer"): 1})
    told["second_reminder", "department"] = sum(breach.clock == "dept_reply" for breach in expected.breaches)
    told["leader_warning", "team_leader"] = expected.warnings
    told["remedy_held", "customer"] = int(expected.held)
    told["remedy_issued", "customer"] = len(expected.remedies)
    told["remedy_notice", "department"] = sum(remedy.remedy != "cash_voucher" for remedy in expected.remedies)
    told["deadline_moved", "customer"] = sum(isinstance(step, Extend) for step in (*case.steps, *case.alongside))
    for leader in (*expected.escalations, *_escalated_by_people(case)):
        told["escalation", leader] += 1
    return +told


def _escalated_by_people(case: Case) -> list[str]:
    return [str(step.body["to"]) for step in case.steps if isinstance(step, Take) and step.noun == "escalations"]


def contact_differences(case: Case, story: Story, policy: Policy) -> Iterator[str]:
    """Say where messages and revisits differ from what the rulebook promises."""
    sent: Told = Counter((fact.template, fact.to) for fact in story.all(ContactMessageSent))
    yield from message_differences(sent, expected_messages(case))
    for failed in story.all(ContactMessageFailed):
        yield f"message {failed.template} to {failed.to} failed"
    yield from _revisits(story, policy)


def message_differences(found: Told, expected: Told) -> Iterator[str]:
    """Say which messages are too few or too many."""
    for template, to in sorted(found.keys() | expected.keys()):
        times, promised = found[template, to], expected[template, to]
        if times != promised:
            yield f"message {template} to {to} went out {times} times, not {promised}"


def told_in(inbox: Sequence[Mapping[str, Any]], ticket_id: str) -> Told:
    """Count a ticket's messages in the storefront's inbox."""
    return Counter((message["template"], message["to"]) for message in inbox if message["ticket_id"] == ticket_id)


def _revisits(story: Story, policy: Policy) -> Iterator[str]:
    """Every run of `contact_interval` plans one revisit, pulled back into service hours (H1, J1)."""
    runs = [start for start in story.all(SlaClockStarted) if start.clock == "contact_interval"]
    rows = [(start, policy.revisit(start.clock, start.rule)) for start in runs]
    expected = sorted(revisit_due(row, start.start_at, policy) for start, row in rows if row is not None)
    found = sorted(fact.due_at for fact in story.all(ContactRevisitPlanned) if fact.reason == "open_case")
    if found != expected:
        yield f"revisits planned for {[str(at) for at in found]}; should be {[str(at) for at in expected]}"
