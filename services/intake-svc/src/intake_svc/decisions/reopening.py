"""When what the customer says afterwards reopens a ticket (RULEBOOK H6, G4)."""

from datetime import datetime

from amends.events.contact import ContactRevisitDone, ContactSurveyAnswered
from amends.events.data import EventData
from amends.events.ticket import TicketReopened
from amends.policy.model import Policy, Reopening
from intake_svc.decisions.ticket import Ticket


def reopened_by(
    ticket: Ticket, heard: EventData, policy: Policy, *, heard_at: datetime, resolved_at: datetime | None
) -> TicketReopened | None:
    """Return the reopening of a resolved or closed ticket that an unhappy customer causes, else None.

    What was said before the ticket was resolved is about the open ticket, however late we hear of it: it reopens nothing.
    """
    if policy.reopening is None or not ticket.finished:
        return None
    if resolved_at is not None and heard_at < resolved_at:
        return None
    reason = _unhappy(heard, policy.reopening)
    return None if reason is None else TicketReopened(reason=reason)


def levels_up(policy: Policy) -> int:
    """Return how many levels a reopening raises a ticket."""
    return policy.reopening.levels_up if policy.reopening else 0


def may_reopen(heard: EventData) -> bool:
    """Say whether an event is of a kind that could: others need no ticket loaded."""
    return isinstance(heard, ContactRevisitDone | ContactSurveyAnswered)


def _unhappy(heard: EventData, rule: Reopening) -> str | None:
    match heard:
        case ContactRevisitDone() if heard.outcome in rule.revisit_outcomes:
            return f"revisit: {heard.outcome}"
        case ContactSurveyAnswered() if heard.rating <= rule.rating_max:
            return f"rating: {heard.rating}"
    return None
