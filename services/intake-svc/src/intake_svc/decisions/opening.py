"""Opening a ticket: what a client may say, what is wrong with it, and the event that it becomes (RULEBOOK A10, C, D, E1)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field

from amends.events.data import EventData, Flag, Instant, Text
from amends.events.parts import ComplaintCode, Customer, Evidence, Level, Order
from amends.events.ticket import TicketOpened
from amends.events.vocabulary import Channel, Kind, Severity
from amends.policy.facts import derived_tags, level_of
from amends.policy.model import Policy
from intake_svc.decisions import checks
from intake_svc.decisions.limits import Limits
from intake_svc.decisions.refusals import FieldProblem, Refused

COMPLAINT: Final = "complaint"
REPEAT: Final = "repeat"
_CODE: Final = re.compile(r"[0-9]{1,9}")

Address = dict[Text, Text]
"""A customer's addresses by channel: `{"phone": …, "email": …}`."""


class CustomerIn(EventData):
    """Who the customer is. Name and contacts stay with intake; events carry a reference to them."""

    customer_id: Text
    name: Text | None = None
    contacts: Address = Field(default_factory=dict)
    language: Text | None = None

    @property
    def personal(self) -> bool:
        """Whether there is anything to keep beside the id."""
        return self.name is not None or bool(self.contacts)

    def on_the_wire(self, contact_ref: str | None) -> Customer:
        """Return the customer as events carry it: no name, no address."""
        return Customer(
            customer_id=self.customer_id,
            contact_ref=contact_ref,
            contact_channels=tuple(self.contacts),
            language=self.language,
        )


class OpenTicket(EventData):
    """The body of `POST /tickets`: the fields of `opened` that a client may say, and what only intake keeps."""

    channel: Channel
    kind: Kind
    case_type: Text
    complaint_code: ComplaintCode | None = None
    level: Level | None = None
    severity: Severity | None = None
    tags: tuple[Text, ...] = ()
    customer: CustomerIn | None = None
    order: Order | None = None
    merchant_id: Text | None = None
    brand: Text | None = None
    department: Text | None = None
    owner: Text | None = None
    external_id: Text | None = None
    occurred_at: Instant | None = None
    accepted_at: Instant | None = None
    agreed_reply_at: Instant | None = None
    evidence: tuple[Evidence, ...] = ()
    imported: Flag | None = None
    description: str | None = None
    demand: str | None = None

    def accepted(self, now: datetime) -> datetime:
        """Return when it was accepted: what it says, at most now."""
        return now if self.accepted_at is None else min(self.accepted_at, now)


_OWN: Final = frozenset({"customer", "description", "demand", "accepted_at", "tags", "level"})
"""What `opened` does not take over as it was given."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Level and tags as they stand, from what was given and what the policy derives."""

    level: int
    tags: tuple[str, ...]


def read_opening(raw: Mapping[str, Any], policy: Policy, limits: Limits, now: datetime) -> OpenTicket:
    """Return what a client asks for.

    Raises:
        Refused: with everything that is wrong, at once.
    """
    found = (
        *classified_problems(raw, policy, limits),
        *_accepted_problems(raw, limits, now),
        *checks.past_problems(raw, "occurred_at", now, limits.clock_skew_max),
        *(() if raw.get("imported") is True else checks.promise_problems(raw, "agreed_reply_at", now, limits)),
    )
    if problems := checks.unlike(iter(found), checks.shape_problems(OpenTicket, raw)):
        raise Refused(problems)
    return OpenTicket.from_client(raw)


def opened(
    request: OpenTicket,
    *,
    policy: Policy,
    policy_version: int,
    ticket_no: str,
    contact_ref: str | None,
    repeated: bool,
    now: datetime,
) -> TicketOpened:
    """Return the event. `repeated`: an earlier complaint on the same order is recent (RULEBOOK C)."""
    tags = (*request.tags, REPEAT) if repeated else request.tags
    given = request.model_dump(mode="python", exclude=set(_OWN), exclude_none=True)
    told = given | {"order": request.order.model_dump(mode="json") if request.order else None}
    standing = standing_of(policy, told, request.level, tags)
    return TicketOpened(
        **given,
        ticket_no=ticket_no,
        policy_version=policy_version,
        level=standing.level,
        tags=standing.tags,
        customer=request.customer.on_the_wire(contact_ref) if request.customer else None,
        accepted_at=None if request.accepted_at is None else request.accepted(now),
    )


def standing_of(policy: Policy, fields: Mapping[str, Any], level: int | None, tags: tuple[str, ...]) -> Standing:
    """Return level and tags of a ticket with these fields, from the level and tags that were given."""
    derived = derived_tags(policy, {**fields, "tags": tags})
    all_tags = tuple(dict.fromkeys((*tags, *sorted(derived.difference(tags)))))
    return Standing(level_of(policy, str(fields["kind"]), derived, level), all_tags)


def looks_back(policy: Policy, kind: str) -> timedelta | None:
    """Return how far back an earlier complaint on the order makes this ticket a repeat; None: it cannot be one."""
    return timedelta(days=policy.levels.repeat_within_days) if kind == COMPLAINT else None


def classified_problems(raw: Mapping[str, Any], policy: Policy, limits: Limits) -> Iterator[FieldProblem]:
    """Find what is wrong with the fields that opening and classification share."""
    yield from checks.value_problems(raw, limits)
    yield from _unknown(raw, "channel", policy.channels.names)
    yield from _unknown(raw, "kind", policy.kinds)
    yield from _unknown(raw, "case_type", sorted(policy.case_type_names))
    code = raw.get("complaint_code")
    number = int(code) if isinstance(code, str) and _CODE.fullmatch(code) else code
    if isinstance(number, int) and policy.complaint_codes and policy.code_range(number) is None:
        ranges = ", ".join(f"{row.first}–{row.last} ({row.category})" for row in policy.complaint_codes)
        yield FieldProblem("complaint_code", f"{number} is in none of {ranges}")
    yield from checks.order_problems(raw.get("order"), limits)


def _unknown(raw: Mapping[str, Any], name: str, known: tuple[str, ...] | list[str]) -> Iterator[FieldProblem]:
    value = raw.get(name)
    if isinstance(value, str) and value not in known:
        yield FieldProblem(name, f"{value!r} is not one of {', '.join(known)}")


def _accepted_problems(raw: Mapping[str, Any], limits: Limits, now: datetime) -> Iterator[FieldProblem]:
    yield from checks.past_problems(raw, "accepted_at", now, limits.clock_skew_max)
    accepted = checks.instant(raw, "accepted_at")
    age_max = limits.imported_age_max if raw.get("imported") is True else limits.accepted_age_max
    if accepted is not None and now - accepted > age_max:
        yield FieldProblem("accepted_at", f"is more than {age_max.total_seconds() / 3600:g} h ago")
