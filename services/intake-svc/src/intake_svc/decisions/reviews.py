"""First review, re-check, final review (RULEBOOK E5): who may pass which, and what waits for them.

They are of what was last proposed: a new proposal, or a reopening, begins them anew.
"""

from collections.abc import Collection
from typing import Final

from amends.events.ticket import TicketReviewed
from amends.policy.facts import facts_of
from amends.policy.model import Policy
from amends.policy.reviews import reviews_of
from intake_svc.decisions.access import Actor
from intake_svc.decisions.life import allowed
from intake_svc.decisions.refusals import WrongState
from intake_svc.decisions.ticket import Ticket

STAGES: Final = ("first", "recheck", "final")
"""The stages of a policy that names none."""
_WAITS: Final = "resolution"


def reviewed(ticket: Ticket, asked: TicketReviewed, actor: Actor, policy: Policy) -> TicketReviewed:
    """Return the review, with who made it.

    Raises:
        WrongState: another stage is next, or this person passed one of them already.
    """
    stages = STAGES if policy.reviews is None else policy.reviews.stages
    due = next((stage for stage in stages if stage not in ticket.reviews), None)
    if asked.stage != due:
        told = f"the next review stage is {due}" if due else "every review stage was passed"
        raise WrongState(f"{told}; none is skipped, none comes twice (rule E5)", allowed(ticket))
    if actor.name in ticket.reviewers:
        before = ticket.reviews[ticket.reviewers.index(actor.name)]
        told = f"{actor.name} made the {before} review of this; the {due} one is for another person (rule E5)"
        raise WrongState(told, allowed(ticket))
    return asked.model_copy(update={"by": actor.name})


def missing(ticket: Ticket, policy: Policy) -> tuple[str, ...]:
    """Return the stages that a resolution of this ticket still waits for, in order."""
    facts = facts_of(policy, ticket.tenant, ticket.fields, levels_up=ticket.levels_up)
    return tuple(stage for stage in reviews_of(policy, facts, ticket.proposed_amount) if stage not in ticket.reviews)


def must_be_reviewed(ticket: Ticket, policy: Policy) -> None:
    """Return if a resolution waits for no review.

    Raises:
        WrongState: it does; the message says for which.
    """
    if left := missing(ticket, policy):
        told = f"resolution: waits for its reviews, {', '.join(left)}, each by another person (rule E5)"
        raise WrongState(told, allowed(ticket))


def without_waiting(nouns: Collection[str], ticket: Ticket, policy: Policy) -> tuple[str, ...]:
    """Return those of the nouns that wait for no review: of a resolution, `life.allowed` knows nothing but the state."""
    waits = bool(missing(ticket, policy))
    return tuple(noun for noun in nouns if not (waits and noun == _WAITS))
