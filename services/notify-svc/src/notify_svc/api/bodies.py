"""What callers send and what they read. Unknown fields are refused by name."""

from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from amends.auth import AGENTS, READERS, Principal, allow
from amends.events.contact import Rating
from amends.events.vocabulary import KnownFeedbackForm, KnownRevisitOutcome
from amends.http.problems import Problem
from amends.instants import format_instant
from notify_svc.decisions.catalogue import Entry

Agent = Annotated[Principal, Depends(allow(*AGENTS))]
Reader = Annotated[Principal, Depends(allow(*READERS))]
Author = Annotated[Principal, Depends(allow("manager", "admin", "service"))]
Rater = Annotated[Principal, Depends(allow("storefront", *AGENTS))]
"""A customer rates on the storefront's page; its backend hands the rating in."""

_NO_NUL = r"^[^\x00]*$"
TicketId = Annotated[str, Field(min_length=1, max_length=200, pattern=_NO_NUL)]
Filter = Annotated[str | None, Query(max_length=200, pattern=_NO_NUL)]
Limit = Annotated[int, Query(ge=1, le=500)]


class Body(BaseModel):
    """The base of all that is sent here."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RevisitOutcome(Body):
    """How a revisit went."""

    outcome: KnownRevisitOutcome


class Feedback(Body):
    """That the result was told to the customer, and in which form (RULEBOOK I1)."""

    ticket_id: TicketId
    form: KnownFeedbackForm


class SurveyAnswer(Body):
    """A customer's rating, 1 (worst) to 5."""

    rating: Rating


class TemplateBody(Entry):
    """A tenant's own words of one template in one language."""

    template: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    language: Literal["zh", "en"]


def bad_cursor(cursor: str) -> Problem:
    """Return the problem of a cursor whose parts are none of ours."""
    return Problem(400, "Unknown cursor", f"{cursor!r} is no cursor of this list; start again without it")


def shown(row: Any) -> dict[str, Any]:
    """Return a row as JSON: times as on the wire, nothing that is absent."""
    found = {}
    for name, value in row._mapping.items():  # noqa: SLF001 - SQLAlchemy's public way to a row's names
        if value is not None:
            found[name] = format_instant(value) if hasattr(value, "astimezone") else value
    return found
