"""A ticket as some of its events tell it. Pure: the live service, a replay and the simulator fold the same way."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.parts import Evidence, Order, Party
from amends.events.registry import payload
from amends.events.ticket import (
    TicketDepartmentReplied,
    TicketEvidenceAdded,
    TicketGoodsReturned,
    TicketLiabilityFound,
    TicketOpened,
    TicketReclassified,
    TicketReopened,
)
from amends.frozen import altered, frozen

CUSTOMER = "customer"
NOBODY = "unknown"
"""Whom money goes to when a ticket names no customer: the storefront asks for a name."""


class NotOpened(ValueError):  # noqa: N818 - it says what the ticket is not
    """The events do not begin with `opened`: nothing can be said about this ticket."""


@frozen
class TicketView:
    """What decisions read of a ticket.

    `opened` is the data of `opened` with later reclassifications laid over it. `liable` is the first party found,
    which stands (RULEBOOK B, Payer). `levels_up` counts reopenings (G4).
    """

    ticket_id: str
    tenant: str
    opened: TicketOpened
    opened_at: datetime
    levels_up: int = 0
    liable: Party | None = None
    goods_returned: bool = False
    evidence: tuple[Evidence, ...] = ()

    @property
    def order(self) -> Order | None:
        """Return the order that the ticket is about, if any."""
        return self.opened.order

    @property
    def customer_id(self) -> str:
        """Return who gets the money."""
        return self.opened.customer.customer_id if self.opened.customer else NOBODY

    @property
    def payer_found(self) -> Party | None:
        """Return the responsible party when it was found and is not the customer."""
        return None if self.liable is None or self.liable.kind == CUSTOMER else self.liable


def view_of(events: Sequence[Event]) -> TicketView:
    """Fold a ticket's events, in order of sequence.

    Raises:
        NotOpened: the first is not `opened`.
    """
    first = payload(events[0]) if events else None
    if not isinstance(first, TicketOpened):
        raise NotOpened("a ticket's first event is not `opened`")
    view = begun(events[0], first)
    for event in events[1:]:
        view = after(view, payload(event))
    return view


def begun(event: Event, opened: TicketOpened) -> TicketView:
    """Return the ticket as its `opened` tells it."""
    return TicketView(event.subject, event.tenantid, opened, event.time, evidence=opened.evidence)


def after(view: TicketView, fact: EventData) -> TicketView:
    """Return the ticket after one more of its events; the very same view when that changes nothing here."""
    fold = _FOLDS.get(type(fact))
    return view if fold is None else fold(view, fact)


def _reclassified(view: TicketView, fact: TicketReclassified) -> TicketView:
    changed: dict[str, Any] = {name: getattr(fact, name) for name in fact.model_fields_set}
    changed = {name: value for name, value in changed.items() if value is not None}
    # A level that a person sets is meant as it stands: what reopenings added before is in it.
    levels_up = 0 if "level" in changed else view.levels_up
    return altered(view, opened=view.opened.model_copy(update=changed), levels_up=levels_up)


def _with_evidence(view: TicketView, fact: TicketEvidenceAdded | TicketDepartmentReplied) -> TicketView:
    return altered(view, evidence=(*view.evidence, *fact.evidence)) if fact.evidence else view


_FOLDS: Mapping[type[EventData], Callable[[TicketView, Any], TicketView]] = {
    TicketReclassified: _reclassified,
    TicketLiabilityFound: lambda view, fact: view if view.liable else altered(view, liable=fact.party),
    TicketGoodsReturned: lambda view, _fact: altered(view, goods_returned=True),
    TicketReopened: lambda view, _fact: altered(view, levels_up=view.levels_up + 1),
    TicketEvidenceAdded: _with_evidence,
    TicketDepartmentReplied: _with_evidence,
}
"""What the events say that change something here."""
