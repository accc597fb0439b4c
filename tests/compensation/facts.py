"""Short ways to say a decision's input in tests."""

from datetime import UTC, datetime
from typing import Any

from tests.compensation.story import Story

from amends.events.compensation import CompensationDecided
from amends.events.registry import payload
from amends.events.sla import SlaDeadlineBreached
from amends.money import Balance
from amends.policy.load import default_policy
from amends.policy.model import Policy
from compensation_svc.decisions.approval import Mode
from compensation_svc.decisions.balance import Movements, left_of
from compensation_svc.decisions.remedy import Decided, Seen, decide
from compensation_svc.decisions.ticket import TicketView, view_of

AT = datetime(2026, 5, 13, tzinfo=UTC)


def view(story: Story) -> TicketView:
    return view_of(story.events)


def untouched(story: Story) -> Balance | None:
    """What is left of the order when nobody but the ticket speaks of it: what was paid."""
    order = view(story).order
    return left_of(order, Movements()) if order else None


def decided(
    story: Story,
    rule: str,
    *,
    left: Balance | None = None,
    budget_left: int | None = None,
    mode: Mode = "automatic",
    policy: Policy | None = None,
    **breach: Any,
) -> CompensationDecided:
    """Decide a breach of the ticket as told so far; `left` None: the whole order."""
    declared = payload(story.breach(rule, **breach))
    assert isinstance(declared, SlaDeadlineBreached)
    seen = Seen(left or untouched(story), budget_left, 0, mode)
    decision = decide(declared, view(story), policy or default_policy(), seen)
    assert isinstance(decision, Decided), decision
    return decision.fact


def lines_of(fact: CompensationDecided) -> dict[str, int]:
    return {line.line_id: line.amount for line in fact.lines or ()}
