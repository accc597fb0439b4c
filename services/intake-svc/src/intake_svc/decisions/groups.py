"""Group complaints (RULEBOOK J3): several customers, one trouble, within a day: one incident that links their tickets.

A ticket counts for each affected SKU and for its merchant, in its category. Times are when tickets were accepted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from amends.events.data import EventData
from amends.events.ticket import TicketLinked
from amends.policy.groups import Groups
from amends.policy.model import Policy
from intake_svc.decisions.classification import Classify, classified, reclassified
from intake_svc.decisions.numbers import category_of
from intake_svc.decisions.ticket import Ticket, after


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident of one category, and the times of its first and its latest ticket."""

    incident_id: str
    first_at: datetime
    last_at: datetime

    def lasts(self, at: datetime, within: timedelta) -> bool:
        """Say whether a ticket accepted then still belongs to it: `within` of its latest ticket, or before its first."""
        return self.first_at - within <= at <= self.last_at + within

    def with_tickets(self, *accepted: datetime) -> "Incident":
        """Return it as it is with more tickets."""
        return Incident(self.incident_id, min((self.first_at, *accepted)), max((self.last_at, *accepted)))


@dataclass(frozen=True, slots=True)
class Complaint:
    """A ticket as groups are found. `customer_id` None: it counts for nobody.

    `incident`: the one of its category that it is in.
    """

    ticket_id: str
    customer_id: str | None
    accepted_at: datetime
    category: str
    subjects: frozenset[str]
    incident: Incident | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One trouble of enough customers: its tickets that are in no incident yet, oldest first, and what it is about.

    `incident`: the one that other tickets of it are in already; None: a new one begins.
    """

    tickets: tuple[Complaint, ...]
    subjects: frozenset[str]
    incident: Incident | None


def complaint_of(policy: Policy, ticket: Ticket, now: datetime) -> Complaint | None:
    """Return what a ticket, as it stands now, counts for; None: for nothing.

    It is of no kind that the rule looks for, names neither SKU nor merchant, or was accepted too long ago: old tickets
    that come in late are history, begin no incident and join none.
    """
    rule, fields = policy.groups, ticket.fields
    if rule is None or fields["kind"] not in rule.kinds or now - ticket.accepted_at > rule.within:
        return None
    category = _category(policy, fields["case_type"], fields.get("complaint_code"))
    subjects = frozenset(_about(fields))
    complaint = Complaint(ticket.ticket_id, ticket.customer_id, ticket.accepted_at, category, subjects)
    return complaint if subjects else None


def _category(policy: Policy, case_type: str, code: int | None) -> str:
    """Return the category of the complaint code (D); without one, the rulebook row of the case type stands for it."""
    found = None if code is None else policy.code_range(code)
    return category_of(policy, case_type, None) if found is None else found.category


def _about(fields: Mapping[str, Any]) -> Iterator[str]:
    items = (fields.get("order") or {}).get("items") or ()
    for item in [item for item in items if item.get("affected")] or items:
        if item.get("sku"):
            yield f"sku/{item['sku']}"
    if fields.get("merchant_id"):
        yield f"merchant/{fields['merchant_id']}"


def joined(complaint: Complaint, incidents: Sequence[Incident], rule: Groups) -> Incident | None:
    """Return which of the incidents about its subjects a ticket joins: its own, else the oldest that lasts."""
    if complaint.incident in incidents:
        return complaint.incident
    return _oldest([incident for incident in incidents if incident.lasts(complaint.accepted_at, rule.within)])


def gathered(complaint: Complaint, alike: Sequence[Complaint], rule: Groups) -> Group | None:
    """Return the group that a ticket completes, None while there are too few customers.

    `alike`: other tickets of its category about one of its subjects, accepted at most `within` before or after it (the
    limit included).
    """
    tickets: dict[str, Complaint] = {}
    subjects = set()
    for subject in sorted(complaint.subjects):
        same = [complaint, *(other for other in alike if subject in other.subjects)]
        if found := _within(complaint, same, rule):
            subjects.add(subject)
            tickets |= {one.ticket_id: one for one in found}
    if not tickets:
        return None
    in_order = sorted(tickets.values(), key=lambda one: (one.accepted_at, one.ticket_id))
    known = _oldest([one.incident for one in in_order if one.incident is not None])
    return Group(tuple(one for one in in_order if one.incident is None), frozenset(subjects), known)


def _within(complaint: Complaint, same: Sequence[Complaint], rule: Groups) -> list[Complaint]:
    """Return every ticket of a stretch of time that holds this one, is no longer than the rule's, and has enough customers."""
    if _customers(same) < rule.customers_min:
        return []
    at = complaint.accepted_at
    stretches = (
        [one for one in same if start <= one.accepted_at <= start + rule.within]
        for start in {one.accepted_at for one in same if at - rule.within <= one.accepted_at <= at}
    )
    return [one for stretch in stretches if _customers(stretch) >= rule.customers_min for one in stretch]


def _customers(complaints: Sequence[Complaint]) -> int:
    return len({one.customer_id for one in complaints if one.customer_id is not None})


def _oldest(incidents: Sequence[Incident]) -> Incident | None:
    return min(incidents, key=lambda one: (one.first_at, one.incident_id), default=None)


def linked(ticket: Ticket, incident_id: str, policy: Policy) -> tuple[Ticket, tuple[EventData, ...]]:
    """Return the ticket as part of an incident, and what happened to it: it is linked, and tagged unless it is finished.

    The tag is the task force's queue, and asks for written feedback (I1). What is true already happens no more.
    """
    facts: list[EventData] = []
    if incident_id not in ticket.incidents:
        facts.append(TicketLinked(incident_id=incident_id))
        ticket = after(ticket, facts[-1])
    rule = policy.groups
    if rule is not None and not ticket.finished and rule.tag not in ticket.fields.get("tags", ()):
        changed = reclassified(ticket, Classify(tags=(*ticket.tags_given, rule.tag)), policy, new_ref="")
        facts.append(changed.fact)
        ticket = classified(ticket, changed)
    return ticket, tuple(facts)
