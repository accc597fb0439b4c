"""Who may do what, and who may see which ticket (CONTRACT §6, Roles). Deny by default."""

from dataclasses import dataclass
from typing import Final

from intake_svc.decisions.ticket import Ticket

_LEADERS: Final = ("team_leader", "manager", "admin", "service")
_AGENTS: Final = ("specialist", *_LEADERS)

OPENERS: Final = ("storefront", *_AGENTS)
READERS: Final = (*OPENERS, "analyst", "department", "merchant")
CONTACT_READERS: Final = _AGENTS

_LEADERS_ONLY: Final = ("extensions", "reviews", "liability")
_ALSO: Final = {
    "department-replies": ("department", "merchant"),
    "customer-replies": ("storefront",),
    "evidence": ("storefront",),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts, as the token says. `subject` None: no person, department or merchant is named."""

    tenant: str
    role: str
    subject: str | None
    client: str

    @property
    def name(self) -> str:
        """Who is written down as the author of a step."""
        return self.subject or self.role

    @property
    def opener(self) -> str:
        """Under which name the tickets that it opens are kept: `external_id` is unique there."""
        return f"{self.role}/{self.subject or self.client}"


@dataclass(frozen=True, slots=True)
class Sight:
    """Which of the tenant's tickets somebody sees: those that meet every condition that is not None."""

    tenant: str
    opened_by: str | None = None
    department: str | None = None
    merchant: str | None = None


def roles_for(noun: str) -> tuple[str, ...]:
    """Return the roles that may take a step."""
    return _LEADERS if noun in _LEADERS_ONLY else (*_AGENTS, *_ALSO.get(noun, ()))


def sight(actor: Actor) -> Sight:
    """Return what the actor sees of its tenant's tickets."""
    if actor.role == "storefront":
        return Sight(actor.tenant, opened_by=actor.opener)
    if actor.role == "department":
        return Sight(actor.tenant, department=actor.subject)
    if actor.role == "merchant":
        return Sight(actor.tenant, merchant=actor.subject)
    return Sight(actor.tenant)


def sees(seen: Sight, ticket: Ticket) -> bool:
    """Say whether a ticket is within sight: as the store's query does it for lists."""
    involved = {*ticket.asked, ticket.fields.get("department")}
    return (
        seen.tenant == ticket.tenant
        and (seen.opened_by is None or seen.opened_by == ticket.opened_by)
        and (seen.department is None or seen.department in involved)
        and (seen.merchant is None or seen.merchant == ticket.fields.get("merchant_id") or seen.merchant in involved)
    )


def answers_for(actor: Actor, department: str, ticket: Ticket) -> bool:
    """Say whether the actor may answer a request that was made to this department.

    A merchant is asked by its own id, or as `merchant` on a ticket that is about its goods.
    """
    if actor.role not in {"department", "merchant"} or actor.subject is None:
        return True
    if actor.subject == department:
        return True
    return actor.role == department == "merchant" and ticket.fields.get("merchant_id") == actor.subject
