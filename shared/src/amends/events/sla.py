"""Events of clocks and deadlines, published by sla on `amends.sla.v1` (CONTRACT §2, §3)."""

from typing import ClassVar

from pydantic import ConfigDict, Field

from amends.events.data import Amount, Count, EventData, Flag, Instant, Number, Text
from amends.events.parts import Currency
from amends.events.vocabulary import ClockOutcome, Leader


class SlaClockStarted(EventData):
    """A clock runs. `calendar_confirmed` is false when a holiday list that it needs is not known yet."""

    wire_type: ClassVar[str] = "amends.sla.clock_started.v1"
    clock: Text
    run: Number
    rule: Text
    start_at: Instant
    due_at: Instant
    warn_at: Instant | None = None
    policy_version: Number
    calendar_confirmed: Flag


class SlaClockMoved(EventData):
    """A running clock is due at another time; `moved_from` (`from` on the wire) is the time it was due before."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    wire_type: ClassVar[str] = "amends.sla.clock_moved.v1"
    clock: Text
    run: Number
    moved_from: Instant = Field(alias="from")
    due_at: Instant
    reason: Text


class SlaClockStopped(EventData):
    """Each started run ends with exactly one of these; `late`: the stop came after the breach."""

    wire_type: ClassVar[str] = "amends.sla.clock_stopped.v1"
    clock: Text
    run: Number
    outcome: ClockOutcome


class SlaDeadlineWarned(EventData):
    wire_type: ClassVar[str] = "amends.sla.deadline_warned.v1"
    clock: Text
    run: Number
    due_at: Instant


class SlaDeadlineBreached(EventData):
    """A deadline passed and the reply is known to be missing.

    `as_of_sequence` is the ticket's last intake sequence that counts for it: decisions that follow see events 1…n only.
    """

    wire_type: ClassVar[str] = "amends.sla.deadline_breached.v1"
    clock: Text
    run: Number
    step: Number
    rule: Text
    due_at: Instant
    as_of_sequence: Count
    in_outage: Flag | None = None


class SlaEscalated(EventData):
    """The ticket went up by itself; a person's escalation is `TicketEscalated`."""

    wire_type: ClassVar[str] = "amends.sla.escalated.v1"
    to: Leader
    reason: Text


class SlaPenaltyIncurred(EventData):
    """A ledger entry for the team, never a wage deduction (rule G2). A ticket may have no owner yet."""

    wire_type: ClassVar[str] = "amends.sla.penalty_incurred.v1"
    owner: str | None = None
    amount: Amount
    currency: Currency | None = None
    rule: Text
