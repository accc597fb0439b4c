"""A ticket as intake knows it, and how each of its events changes it. Pure.

`fields` are those of `opened` as they stand, in JSON, as other services see them. What the client itself gave for level
and tags is kept beside, because the default level and the derived tags follow when a ticket is classified anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from amends.events import ticket as events
from amends.events.data import EventData
from amends.instants import format_instant, parse_instant
from amends.policy.facts import MOST_SERIOUS

STEPS: Final = ("received", "confirmed", "investigating", "proposed", "agreed", "executed", "resolved", "closed")
"""The steps of RULEBOOK E6, in order."""

_REACHES: Final[Mapping[type[EventData], str]] = {
    events.TicketContacted: "confirmed",
    events.TicketDepartmentAsked: "investigating",
    events.TicketCustomerAsked: "investigating",
    events.TicketAssessed: "investigating",
    events.TicketSolutionProposed: "proposed",
    events.TicketSolutionAgreed: "agreed",
    events.TicketSolutionExecuted: "executed",
    events.TicketResolved: "resolved",
    events.TicketClosed: "closed",
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket. `version` counts its own events, so it is the `sequence` of the last one.

    `asked`: departments that were ever asked. `proposed_amount`: the most that the last proposal, or what was agreed or
    carried out since, gives. `reviews`: the stages passed since the last proposal, `reviewers`: by whom, in the same
    order. `levels_up`: how far reopenings have raised the level since it was last set.
    """

    ticket_id: str
    tenant: str
    opened_by: str
    policy_version: int
    fields: Mapping[str, Any]
    description: str | None = None
    demand: str | None = None
    status: str = STEPS[0]
    version: int = 1
    level_given: int | None = None
    tags_given: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    proposed: bool = False
    proposed_amount: int | None = None
    reviews: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    levels_up: int = 0
    incidents: tuple[str, ...] = field(default=())

    @property
    def level(self) -> int:
        """The level as it stands, reopenings included: 1 is the most serious."""
        return max(MOST_SERIOUS, int(self.fields["level"]) - self.levels_up)

    @property
    def accepted_at(self) -> datetime:
        """When it was accepted; never changes."""
        return parse_instant(self.fields["accepted_at"])

    @property
    def order_id(self) -> str | None:
        """The order that it is about."""
        order = self.fields.get("order")
        return None if order is None else str(order["order_id"])

    @property
    def customer_id(self) -> str | None:
        """The customer that it is for."""
        customer = self.fields.get("customer")
        return None if customer is None else str(customer["customer_id"])

    @property
    def contact_ref(self) -> str | None:
        """Where the customer's contacts are kept."""
        customer = self.fields.get("customer") or {}
        return customer.get("contact_ref")

    @property
    def finished(self) -> bool:
        """Whether it is resolved or closed."""
        return self.status in {"resolved", "closed"}


def as_opened(
    fact: events.TicketOpened,
    at: datetime,
    *,
    ticket_id: str,
    tenant: str,
    opened_by: str,
    level_given: int | None,
    tags_given: tuple[str, ...],
    description: str | None,
    demand: str | None,
) -> Ticket:
    """Return the ticket that `opened`, recorded `at`, makes."""
    fields = fact.to_data() | {"accepted_at": format_instant(fact.accepted(at))}
    return Ticket(
        ticket_id=ticket_id,
        tenant=tenant,
        opened_by=opened_by,
        policy_version=fact.policy_version or 0,
        fields=fields,
        description=description,
        demand=demand,
        level_given=level_given,
        tags_given=tags_given,
    )


def after(ticket: Ticket, fact: EventData, *, levels_up: int = 0) -> Ticket:  # noqa: PLR0911 - one for each event
    """Return the ticket after one of its events; `levels_up`: how far a reopening raises it (G4, from the policy)."""
    ticket = replace(ticket, version=ticket.version + 1, status=_status_after(ticket.status, fact))
    match fact:
        case events.TicketDepartmentAsked():
            return replace(ticket, asked=tuple(dict.fromkeys((*ticket.asked, fact.department))))
        case events.TicketAssigned():
            return _with(ticket, owner=fact.owner)
        case events.TicketReclassified():
            return replace(_with(ticket, **fact.to_data()), levels_up=ticket.levels_up if fact.level is None else 0)
        case events.TicketContacted() if fact.agreed_reply_at:
            return _with(ticket, agreed_reply_at=format_instant(fact.agreed_reply_at))
        case events.TicketEvidenceAdded():
            return _with(ticket, evidence=[*ticket.fields.get("evidence", ()), *fact.to_data()["evidence"]])
        case events.TicketLinked():
            return replace(ticket, incidents=tuple(dict.fromkeys((*ticket.incidents, fact.incident_id))))
        case events.TicketReopened():
            return replace(ticket, reviews=(), reviewers=(), levels_up=ticket.levels_up + levels_up)
    return _after_review(ticket, fact)


def _after_review(ticket: Ticket, fact: EventData) -> Ticket:
    """Keep what reviews are of (E5), and those that were made of it."""
    match fact:
        case events.TicketSolutionProposed():
            return replace(ticket, proposed=True, proposed_amount=fact.remedy.amount, reviews=(), reviewers=())
        case events.TicketSolutionAgreed() | events.TicketSolutionExecuted() if fact.remedy.amount is not None:
            return replace(ticket, proposed_amount=max(fact.remedy.amount, ticket.proposed_amount or 0))
        case events.TicketReviewed():
            reviewers = (*ticket.reviewers, fact.by or "")
            return replace(ticket, reviews=(*ticket.reviews, fact.stage), reviewers=reviewers)
    return ticket


def _with(ticket: Ticket, **fields: Any) -> Ticket:
    return replace(ticket, fields={**ticket.fields, **fields})


def _status_after(status: str, fact: EventData) -> str:
    """Return the furthest step reached; after a reopening, the furthest since (CONTRACT §6)."""
    if isinstance(fact, events.TicketReopened):
        return "reopened"
    reached = _REACHES.get(type(fact))
    if reached is None:
        return status
    if status == "reopened":
        return reached
    return max(status, reached, key=STEPS.index)
