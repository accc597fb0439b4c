"""Events of contacts with customers and others, published by notify on `amends.contact.v1` (CONTRACT §2)."""

from typing import Annotated, ClassVar

from pydantic import Field

from amends.events.data import EventData, Instant, Text
from amends.events.vocabulary import Addressee, FeedbackForm, RevisitOutcome, RevisitReason

Rating = Annotated[int, Field(strict=True, ge=1, le=5)]


class ContactRevisitPlanned(EventData):
    """The customer is to be contacted again. It replaces the open revisit of the same reason."""

    wire_type: ClassVar[str] = "amends.contact.revisit_planned.v1"
    revisit_id: Text
    due_at: Instant
    reason: RevisitReason


class ContactRevisitDone(EventData):
    """A revisit took place. In `simulate` the id may be absent: a file cannot know it beforehand."""

    wire_type: ClassVar[str] = "amends.contact.revisit_done.v1"
    revisit_id: str | None = None
    outcome: RevisitOutcome
    by: str | None = None


class ContactMessageSent(EventData):
    wire_type: ClassVar[str] = "amends.contact.message_sent.v1"
    template: Text
    to: Addressee
    channel: str


class ContactMessageFailed(EventData):
    wire_type: ClassVar[str] = "amends.contact.message_failed.v1"
    template: Text
    to: Addressee
    channel: str


class ContactSurveySent(EventData):
    wire_type: ClassVar[str] = "amends.contact.survey_sent.v1"


class ContactSurveyAnswered(EventData):
    """The customer rated: 1 (worst) to 5. At most 2 reopens the ticket (rule H6)."""

    wire_type: ClassVar[str] = "amends.contact.survey_answered.v1"
    rating: Rating


class ContactFeedbackGiven(EventData):
    wire_type: ClassVar[str] = "amends.contact.feedback_given.v1"
    form: FeedbackForm
