"""Who is told what, when; who is revisited; where departments and roles get their mail."""

from typing import Literal

from pydantic import Field

from amends.policy.rows import RuleId, Scope
from amends.policy.values import ClockName, Duration, Frozen, Many, RemedyType

Recipient = Literal["customer", "department", "owner", "team_leader", "manager", "merchant", "brand", "escalated_to"]
"""`escalated_to`: whoever the event's `to` names. `brand`: the contact of the ticket's brand; without one, nobody."""


class When(Frozen):
    """The event that sends a message. Empty conditions ask nothing.

    `event` is the wire type without `amends.` and version: `sla.deadline_breached`. `warns`: the breached row warns the
    recipient at that step. `remedy`: the remedy that was issued is one of these.
    """

    event: str
    clock: ClockName | None = None
    step: Literal[1, 2] | None = None
    warns: bool = False
    remedy: Many[RemedyType] = ()


class MessageRow(Frozen):
    """One message that the policy sends."""

    id: RuleId | None = None
    template: str
    to: Recipient
    when: When
    source: Many[str] = ()


class RevisitRow(Frozen):
    """A call back to the customer, planned `after` an event and moved to service time by `calendar`.

    `start`: a run of a clock begins under rule `id` (`clock_started`), or the ticket is closed. `shift`: to the closing
    instant before it (`back`) or the opening instant after it (`on`). `tells`: progress or result (H2).
    """

    id: RuleId
    reason: Literal["open_case", "after_close", "care"]
    start: Literal["clock_started", "closed"]
    clock: ClockName | None = None
    scope: Scope = Scope()
    after: Duration
    shift: Literal["back", "on"]
    calendar: str
    tells: Literal["progress", "result"]
    tells_rule: RuleId = "H2"
    source: Many[str] = ()


class Address(Frozen):
    """Where mail for a department or a role goes. `language`: theirs; absent, the one that notify uses for staff."""

    email: str
    name: str | None = None
    language: Literal["zh", "en"] | None = None


class Contacts(Frozen):
    """Addresses of departments and roles; who is absent gets the storefront's message only.

    `brands`: who is told of a ticket about one of the tenant's famous brands (J2); of a brand that is absent, nobody.
    """

    departments: dict[str, Address] = Field(default_factory=dict)
    roles: dict[Literal["owner", "team_leader", "manager"], Address] = Field(default_factory=dict)
    merchants: dict[str, Address] = Field(default_factory=dict)
    brands: dict[str, Address] = Field(default_factory=dict)
