"""What callers send and what they read. Unknown fields are refused by name."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from amends.auth import AGENTS, READERS, Principal, allow
from amends.events.contact import Rating
from amends.events.vocabulary import KnownFeedbackForm, KnownRevisitOutcome
from amends.http.pages import decode_cursor
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
Cursor = Annotated[str | None, Query(description="From `Link` of the page before")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=10_000, pattern=_NO_NUL)]
Satisfaction = Literal["satisfied", "partly", "dissatisfied", "not_said"]


class Body(BaseModel):
    """The base of all that is sent here."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RevisitOutcome(Body):
    """How a revisit went."""

    outcome: KnownRevisitOutcome


class FeedbackContents(Body):
    """What the result feedback said (RULEBOOK I2), in the agent's words; each may be absent, blank counts as absent."""

    process_summary: Words | None = Field(None, description="What was done, from the complaint to the result")
    solution: Words | None = Field(None, description="What was agreed with the customer")
    carried_out: Words | None = Field(None, description="How and when the solution was carried out")
    satisfaction: Satisfaction | None = Field(None, description="What the customer said of the result; reopens nothing")
    evaluation: Words | None = Field(None, description="How we judge the case ourselves")
    advice: Words | None = Field(None, description="What should change")


class Feedback(FeedbackContents):
    """That the result was told to the customer, in which form (RULEBOOK I1), and what was said (I2)."""

    ticket_id: TicketId
    form: KnownFeedbackForm

    @property
    def contents(self) -> Mapping[str, str]:
        """Return what was said, by name; nothing that is absent or blank."""
        return {name: said for name in FeedbackContents.model_fields if (said := getattr(self, name))}


class FeedbackItem(FeedbackContents):
    """Feedback as it was given. `form_asked`: what I1 asked for then; `missing`: contents that it lacks (I2)."""

    model_config = ConfigDict(extra="ignore")  # what is read may grow

    feedback_id: UUID
    ticket_id: str
    ticket_no: str | None = None
    form: str
    form_asked: KnownFeedbackForm
    missing: list[str]
    given_by: str
    given_at: datetime


class FeedbackList(BaseModel):
    """A page of feedback, in the order in which it was given."""

    items: list[FeedbackItem]


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


_FIRST: Final = UUID(int=0)


def id_after(cursor: str | None) -> UUID:
    """Return the id after which a page begins. Raises Problem 400."""
    if cursor is None:
        return _FIRST
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except (TypeError, ValueError, AttributeError) as error:
        raise bad_cursor(cursor) from error


def shown(row: Any) -> dict[str, Any]:
    """Return a row as JSON: times as on the wire, nothing that is absent."""
    found = {}
    for name, value in row._mapping.items():  # noqa: SLF001 - SQLAlchemy's public way to a row's names
        if value is not None:
            found[name] = format_instant(value) if hasattr(value, "astimezone") else value
    return found
