"""The words that enumerations of CONTRACT §2 know today.

`KnownChannel` and its kind are closed, for APIs that refuse a word they don't know; `Channel` and its kind are open,
for consumers that must survive a word which a newer producer knows.
"""

from typing import Annotated, Literal

from amends.events.data import Known

KnownChannel = Literal["phone", "chat", "email", "app", "web", "social"]
KnownKind = Literal["consultation", "after_sales", "complaint", "suggestion"]
KnownSeverity = Literal["low", "medium", "high"]
KnownDecision = Literal["accepted", "refused", "answered"]
KnownPartyKind = Literal["merchant", "department", "carrier", "supplier", "platform", "customer"]
KnownContactedBy = Literal["agent", "robot"]
KnownContactedAbout = Literal["greeting", "progress", "result", "offer"]
KnownStage = Literal["first", "recheck", "final"]
KnownLeader = Literal["team_leader", "manager"]
KnownResolution = Literal["resolved", "partly", "unresolved", "withdrawn"]
KnownRobotReason = Literal["hours", "peak", "person"]
KnownClockOutcome = Literal["met", "late", "cancelled"]
KnownRemedyType = Literal["cash_voucher", "coupon", "points", "partial_refund", "full_refund"]
KnownApproval = Literal["none", "required"]
KnownRevisitReason = Literal["open_case", "after_close", "care"]
KnownRevisitOutcome = Literal["solved", "not_solved", "unreachable"]
KnownAddressee = Literal["customer", "department", "owner", "team_leader", "manager", "merchant", "brand"]
KnownFeedbackForm = Literal["written", "spoken"]

Channel = Annotated[str, Known(KnownChannel)]
Kind = Annotated[str, Known(KnownKind)]
Severity = Annotated[str, Known(KnownSeverity)]
Decision = Annotated[str, Known(KnownDecision)]
PartyKind = Annotated[str, Known(KnownPartyKind)]
ContactedBy = Annotated[str, Known(KnownContactedBy)]
ContactedAbout = Annotated[str, Known(KnownContactedAbout)]
Stage = Annotated[str, Known(KnownStage)]
Leader = Annotated[str, Known(KnownLeader)]
Resolution = Annotated[str, Known(KnownResolution)]
RobotReason = Annotated[str, Known(KnownRobotReason)]
ClockOutcome = Annotated[str, Known(KnownClockOutcome)]
RemedyType = Annotated[str, Known(KnownRemedyType)]
Approval = Annotated[str, Known(KnownApproval)]
RevisitReason = Annotated[str, Known(KnownRevisitReason)]
RevisitOutcome = Annotated[str, Known(KnownRevisitOutcome)]
Addressee = Annotated[str, Known(KnownAddressee)]
FeedbackForm = Annotated[str, Known(KnownFeedbackForm)]
