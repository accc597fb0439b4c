"""Which steps a ticket's state allows (CONTRACT §6). Who may take them is `access`'s question."""

from typing import Final

from intake_svc.decisions.refusals import WrongState
from intake_svc.decisions.ticket import Ticket

NOUNS: Final = (
    "department-requests",
    "department-replies",
    "assignment",
    "classification",
    "assessment",
    "liability",
    "contacts",
    "customer-questions",
    "customer-replies",
    "evidence",
    "goods-returns",
    "proposals",
    "agreements",
    "rejections",
    "executions",
    "reviews",
    "extensions",
    "escalations",
    "links",
    "resolution",
    "closure",
    "reopening",
)
"""The steps, in the order of CONTRACT §6."""

_AFTER_THE_END: Final = frozenset(
    ("contacts", "customer-replies", "evidence", "goods-returns", "liability", "executions", "links", "reopening")
)


def allowed(ticket: Ticket) -> tuple[str, ...]:
    """Return the nouns that the ticket's state allows."""
    return tuple(noun for noun in NOUNS if _missing(ticket, noun) is None)


def must_allow(ticket: Ticket, noun: str) -> None:
    """Return if the ticket's state allows the step.

    Raises:
        WrongState: it does not; the message says what is missing.
    """
    if (missing := _missing(ticket, noun)) is not None:
        raise WrongState(f"{noun}: {missing}", allowed(ticket))


def _missing(ticket: Ticket, noun: str) -> str | None:
    if noun == "closure":
        return None if ticket.status == "resolved" else f"only a resolved ticket is closed; this one is {ticket.status}"
    if noun == "reopening":
        return None if ticket.finished else f"the ticket is open ({ticket.status})"
    if ticket.finished:
        return None if noun in _AFTER_THE_END else f"the ticket is {ticket.status}; reopen it first"
    if noun == "department-replies" and not ticket.asked:
        return "no department was asked"
    if noun in {"agreements", "rejections"} and not ticket.proposed:
        return "no solution was proposed"
    return None
