"""When a held remedy is due and when its hold ends (B3, CONTRACT §3 `refund_execute`). Pure."""

from collections.abc import Sequence
from enum import Enum

from amends.events.envelope import Event
from amends.events.registry import payload
from amends.events.ticket import TicketGoodsReturned, TicketResolved, TicketSolutionExecuted

WITHDRAWN = "withdrawn"


class Hold(Enum):
    """What became of a hold."""

    WAITS = "waits"
    DUE = "the goods are back with the seller"
    EXECUTED = "the solution was carried out"
    WITHDRAWN = "the customer withdrew the request"


def hold_after(events: Sequence[Event]) -> Hold:
    """Return what the ticket's events after the breach make of a hold: the first that says something decides.

    A hold outlives `resolved`, unless its outcome is `withdrawn`.
    """
    for event in events:
        match payload(event):
            case TicketGoodsReturned():
                return Hold.DUE
            case TicketSolutionExecuted():
                return Hold.EXECUTED
            case TicketResolved(outcome=outcome) if outcome == WITHDRAWN:
                return Hold.WITHDRAWN
    return Hold.WAITS
