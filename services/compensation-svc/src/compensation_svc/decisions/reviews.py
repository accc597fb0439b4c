"""Which reviews a person's proposal still waits for: first review, re-check, final review (E5). Pure."""

from collections.abc import Sequence

from amends.events.envelope import Event
from amends.events.registry import payload
from amends.events.ticket import TicketReopened, TicketReviewed, TicketSolutionProposed
from amends.policy.facts import facts_of
from amends.policy.model import Policy
from amends.policy.reviews import reviews_of
from compensation_svc.decisions.ticket import TicketView

_NOBODY = "nobody"
"""Who made a review that names nobody: two of those are by the same person, so the second does not count."""


def reviews_needed(policy: Policy, view: TicketView, amount: int) -> tuple[str, ...]:
    """Return the stages that a proposal of this amount must pass before somebody approves it; empty: none."""
    facts = facts_of(policy, view.tenant, view.opened.to_data(), levels_up=view.levels_up)
    return tuple(reviews_of(policy, facts, amount))


def reviews_missing(needed: Sequence[str], events: Sequence[Event]) -> tuple[str, ...]:
    """Return the stages that a ticket's events leave open, in order.

    As in intake, a new proposal or a reopening begins them anew. A stage counts only after those before it, and by a
    person who made none of them.
    """
    passed: dict[str, str] = {}
    for event in events:
        match payload(event):
            case TicketSolutionProposed() | TicketReopened():
                passed = {}
            case TicketReviewed(stage=stage, by=by):
                due = next((one for one in needed if one not in passed), None)
                if stage == due and (by or _NOBODY) not in passed.values():
                    passed[stage] = by or _NOBODY
    return tuple(stage for stage in needed if stage not in passed)
