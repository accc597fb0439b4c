"""Events of a ticket, published by intake on `amends.ticket.v1` (CONTRACT §2)."""

from datetime import datetime
from typing import Any, ClassVar

from amends.events.data import Amount, EventData, Flag, Instant, Number, Text
from amends.events.parts import (
    ComplaintCode,
    Currency,
    Customer,
    Evidence,
    Invoice,
    Level,
    Order,
    Party,
    ProposedRemedy,
)
from amends.events.vocabulary import (
    Channel,
    ContactedAbout,
    ContactedBy,
    Decision,
    Kind,
    Leader,
    Resolution,
    RobotReason,
    Severity,
    Stage,
)


class TicketOpened(EventData):
    """A ticket exists. A minimal one says only channel, kind and case type (CONTRACT §4)."""

    wire_type: ClassVar[str] = "amends.ticket.opened.v1"
    ticket_no: str | None = None
    policy_version: Number | None = None
    channel: Channel
    kind: Kind
    case_type: Text
    complaint_code: ComplaintCode | None = None
    level: Level | None = None
    severity: Severity | None = None
    tags: tuple[str, ...] = ()
    customer: Customer | None = None
    order: Order | None = None
    merchant_id: str | None = None
    brand: str | None = None
    department: str | None = None
    owner: str | None = None
    external_id: str | None = None
    occurred_at: Instant | None = None
    accepted_at: Instant | None = None
    agreed_reply_at: Instant | None = None
    evidence: tuple[Evidence, ...] = ()
    imported: Flag | None = None

    def accepted(self, recorded_at: datetime) -> datetime:
        """Return when the ticket was accepted: what it says, at most the event's `time`, which is also the default."""
        return recorded_at if self.accepted_at is None else min(self.accepted_at, recorded_at)


class TicketDepartmentAsked(EventData):
    """A department (or merchant) was asked; it owes an effective reply."""

    wire_type: ClassVar[str] = "amends.ticket.department_asked.v1"
    department: Text


class TicketDepartmentReplied(EventData):
    """A department replied. Only an effective reply stops its clock (RULEBOOK B)."""

    wire_type: ClassVar[str] = "amends.ticket.department_replied.v1"
    department: Text
    effective: Flag
    decision: Decision
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()
    invoice: Invoice | None = None


class TicketAssigned(EventData):
    wire_type: ClassVar[str] = "amends.ticket.assigned.v1"
    owner: Text


class TicketReclassified(EventData):
    """The fields of `opened` that changed; those that are absent stand as they were.

    What identifies the ticket (number, external id), its policy version and when it was accepted never change.
    """

    wire_type: ClassVar[str] = "amends.ticket.reclassified.v1"
    channel: Channel | None = None
    kind: Kind | None = None
    case_type: Text | None = None
    complaint_code: ComplaintCode | None = None
    level: Level | None = None
    severity: Severity | None = None
    tags: tuple[str, ...] | None = None
    customer: Customer | None = None
    order: Order | None = None
    merchant_id: str | None = None
    brand: str | None = None
    department: str | None = None
    owner: str | None = None
    occurred_at: Instant | None = None
    agreed_reply_at: Instant | None = None
    evidence: tuple[Evidence, ...] | None = None


class TicketAssessed(EventData):
    """Findings of the assessment (RULEBOOK E8): any JSON, a sentence or a checklist."""

    wire_type: ClassVar[str] = "amends.ticket.assessed.v1"
    findings: Any


class TicketLiabilityFound(EventData):
    wire_type: ClassVar[str] = "amends.ticket.liability_found.v1"
    party: Party


class TicketContacted(EventData):
    """The customer was contacted. `amount` is an offer's exact amount (rule B5)."""

    wire_type: ClassVar[str] = "amends.ticket.contacted.v1"
    by: ContactedBy = "agent"
    about: ContactedAbout
    channel: Channel
    amount: Amount | None = None
    currency: Currency | None = None
    agreed_reply_at: Instant | None = None


class TicketCustomerAsked(EventData):
    """We wait for the customer."""

    wire_type: ClassVar[str] = "amends.ticket.customer_asked.v1"


class TicketCustomerReplied(EventData):
    wire_type: ClassVar[str] = "amends.ticket.customer_replied.v1"


class TicketEvidenceAdded(EventData):
    wire_type: ClassVar[str] = "amends.ticket.evidence_added.v1"
    evidence: tuple[Evidence, ...] = ()


class TicketGoodsReturned(EventData):
    """The goods are back with the seller: the precondition of rule B3."""

    wire_type: ClassVar[str] = "amends.ticket.goods_returned.v1"


class TicketSolutionProposed(EventData):
    wire_type: ClassVar[str] = "amends.ticket.solution_proposed.v1"
    remedy: ProposedRemedy


class TicketSolutionAgreed(EventData):
    wire_type: ClassVar[str] = "amends.ticket.solution_agreed.v1"
    remedy: ProposedRemedy


class TicketSolutionRejected(EventData):
    wire_type: ClassVar[str] = "amends.ticket.solution_rejected.v1"
    remedy: ProposedRemedy


class TicketSolutionExecuted(EventData):
    """The solution was carried out outside the suite; its money lowers what is left of the order."""

    wire_type: ClassVar[str] = "amends.ticket.solution_executed.v1"
    remedy: ProposedRemedy


class TicketReviewed(EventData):
    wire_type: ClassVar[str] = "amends.ticket.reviewed.v1"
    stage: Stage
    verdict: Text
    by: str | None = None


class TicketExtended(EventData):
    """A clock got a later due time (rule C5). Without a leader's role and a reason it has no effect (CONTRACT §3)."""

    wire_type: ClassVar[str] = "amends.ticket.extended.v1"
    clock: Text
    due_at: Instant
    by: str | None = None
    role: str | None = None
    reason: str | None = None


class TicketEscalated(EventData):
    """A person escalated the ticket; sla's own escalations are `SlaEscalated`."""

    wire_type: ClassVar[str] = "amends.ticket.escalated.v1"
    to: Leader
    by: str | None = None
    reason: str | None = None


class TicketLinked(EventData):
    wire_type: ClassVar[str] = "amends.ticket.linked.v1"
    incident_id: Text


class TicketResolved(EventData):
    wire_type: ClassVar[str] = "amends.ticket.resolved.v1"
    outcome: Resolution


class TicketClosed(EventData):
    wire_type: ClassVar[str] = "amends.ticket.closed.v1"


class TicketReopened(EventData):
    wire_type: ClassVar[str] = "amends.ticket.reopened.v1"
    reason: Text


class TicketRobotSwitched(EventData):
    """The robot of a tenant went on or off. Its subject is the tenant, so it has no sequence."""

    wire_type: ClassVar[str] = "amends.ticket.robot_switched.v1"
    on: Flag
    reason: RobotReason
