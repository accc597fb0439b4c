"""Classifying a ticket anew: which fields of `opened` change, the level and tags that follow among them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from amends.events.data import EventData, Instant, Text
from amends.events.parts import ComplaintCode, Customer, Evidence, Level, Order
from amends.events.ticket import TicketReclassified
from amends.events.vocabulary import Channel, Kind, Severity
from amends.policy.facts import MOST_SERIOUS
from amends.policy.model import Policy
from intake_svc.decisions import checks
from intake_svc.decisions.limits import Limits
from intake_svc.decisions.opening import REPEAT, CustomerIn, Standing, classified_problems, standing_of
from intake_svc.decisions.refusals import FieldProblem, Refused
from intake_svc.decisions.ticket import Ticket, after


class Classify(EventData):
    """The body of `POST /tickets/{id}/classification`: the fields that change."""

    channel: Channel | None = None
    kind: Kind | None = None
    case_type: Text | None = None
    complaint_code: ComplaintCode | None = None
    level: Level | None = None
    severity: Severity | None = None
    tags: tuple[Text, ...] | None = None
    customer: CustomerIn | None = None
    order: Order | None = None
    merchant_id: Text | None = None
    brand: Text | None = None
    department: Text | None = None
    owner: Text | None = None
    occurred_at: Instant | None = None
    agreed_reply_at: Instant | None = None
    evidence: tuple[Evidence, ...] | None = None


@dataclass(frozen=True, slots=True)
class Classified:
    """The event, and what intake keeps beside: the level and tags that were given, where the contacts stand."""

    fact: TicketReclassified
    level_given: int | None
    tags_given: tuple[str, ...]
    contact_ref: str | None


_OWN: Final = {"customer", "level", "tags"}


def read_classification(raw: Mapping[str, Any], policy: Policy, limits: Limits, now: datetime) -> Classify:
    """Return the changes that are asked for.

    Raises:
        Refused: with everything that is wrong, at once.
    """
    found = (
        *classified_problems(raw, policy, limits),
        *checks.past_problems(raw, "occurred_at", now, limits.clock_skew_max),
        *checks.promise_problems(raw, "agreed_reply_at", now, limits),
        *_nothing(raw),
    )
    if problems := checks.unlike(iter(found), checks.shape_problems(Classify, raw)):
        raise Refused(problems)
    return Classify.from_client(raw)


def reclassified(ticket: Ticket, asked: Classify, policy: Policy, *, new_ref: str) -> Classified:
    """Return what changes. A level that was given stays; a default one follows kind, tags and order (RULEBOOK C)."""
    given = asked.model_dump(mode="python", exclude=_OWN, exclude_none=True)
    level = asked.level if asked.level is not None else ticket.level_given
    tags = ticket.tags_given if asked.tags is None else asked.tags
    stood = _standing(ticket, ticket.fields, policy, ticket.level_given, ticket.tags_given)
    stands_for = {**ticket.fields, **asked.model_dump(mode="json", exclude_none=True)}
    stands = _standing(ticket, stands_for, policy, level, tags)
    fact = TicketReclassified(
        **given,
        level=_level(ticket, asked, stood.level, stands.level),
        tags=None if asked.tags is None and stands.tags == stood.tags else stands.tags,
        customer=_customer(ticket, asked.customer, new_ref) if asked.customer else None,
    )
    return Classified(fact, level, tags, fact.customer.contact_ref if fact.customer else ticket.contact_ref)


def classified(ticket: Ticket, changed: Classified) -> Ticket:
    """Return the ticket after it was classified anew."""
    return replace(after(ticket, changed.fact), level_given=changed.level_given, tags_given=changed.tags_given)


def _customer(ticket: Ticket, asked: CustomerIn, new_ref: str) -> Customer:
    """Return the customer for the event: another customer never stands behind the reference of the one before."""
    same = asked.customer_id == ticket.customer_id
    contact_ref = ticket.contact_ref if same else None
    told = asked.on_the_wire(contact_ref or (new_ref if asked.personal else None))
    if same and not asked.contacts:
        return told.model_copy(
            update={"contact_channels": tuple(ticket.fields["customer"].get("contact_channels", ()))}
        )
    return told


def _standing(
    ticket: Ticket, fields: Mapping[str, Any], policy: Policy, level: int | None, tags: tuple[str, ...]
) -> Standing:
    repeated = (REPEAT,) if REPEAT in ticket.fields.get("tags", ()) else ()
    return standing_of(policy, fields, level, tuple(dict.fromkeys((*tags, *repeated))))


def _level(ticket: Ticket, asked: Classify, stood: int, stands: int) -> int | None:
    """Return the level to publish, if any: a new default stays as far up as reopenings have raised the ticket (G4)."""
    if asked.level is not None:
        return asked.level
    return None if stands == stood else max(MOST_SERIOUS, stands - ticket.levels_up)


def _nothing(raw: Mapping[str, Any]) -> Iterator[FieldProblem]:
    if not any(value is not None for value in raw.values()):
        yield FieldProblem("body", "names no field that changes")
