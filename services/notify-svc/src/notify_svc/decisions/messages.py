"""Which messages an event causes, and with what values: from the policy's message rows alone. Pure.

The words are not chosen here (`catalogue`, `render`): a message is a template's name, a recipient, and plain values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amends.events.data import EventData
from amends.events.sla import SlaDeadlineBreached
from amends.events.ticket import TicketOpened
from amends.instants import format_instant, parse_instant
from amends.policy.choose import row_for
from amends.policy.due import due
from amends.policy.messages import MessageRow
from amends.policy.model import Policy
from notify_svc.decisions.ticket import Ticket

ESCALATED_TO = "escalated_to"
BRAND = "brand"
_SAID = ("clock", "due_at", "remedy", "amount", "currency")
"""What an event's data lends to the words, by the same name."""
_STEPS = (1, 2)


@dataclass(frozen=True, slots=True)
class Message:
    """A message to be sent. `to`: as in `message_sent`. `party`: which department, merchant, owner or brand, if it is one.

    `values`: what the words may name; instants and amounts as on the wire, to be written in the reader's way later.
    """

    template: str
    to: str
    party: str | None
    values: Mapping[str, Any]


def name_of(wire_type: str) -> str:
    """Return how policy rows name an event: `sla.escalated` for `amends.sla.escalated.v1`."""
    return wire_type.removeprefix("amends.").rpartition(".")[0]


def messages_for(
    policy: Policy,
    ticket: Ticket,
    data: EventData,
    *,
    decided: Mapping[str, Any] | None = None,
    as_of_sequence: int | None = None,
) -> tuple[Message, ...]:
    """Return the messages that this event of the ticket causes, in the order of the policy's rows.

    `decided`: for an event about a remedy, the data of its `decided`. `as_of_sequence`: that of the breach that led to
    it, if one did: which department missed its deadline. An imported ticket's deadlines that were past when
    it arrived cause nothing (CONTRACT §3).
    """
    said = {**(decided or {}), **data.to_data()}
    rows = chosen(policy, ticket, data, said, rows_of(policy, data.wire_type))
    department = ticket.department(as_of_sequence)
    values = _values(policy, ticket, data, said) if rows else {}
    if department:
        values["department"] = department
    return tuple(_message(row, ticket, said, values, department) for row in rows)


def rows_of(policy: Policy, wire_type: str) -> tuple[MessageRow, ...]:
    """Return the rows that ask for events of this type, in the order of the policy."""
    name = name_of(wire_type)
    return tuple(row for row in policy.messages if row.when.event == name)


def chosen(
    policy: Policy, ticket: Ticket, data: EventData, said: Mapping[str, Any], rows: Sequence[MessageRow]
) -> list[MessageRow]:
    """Return those of an event's rows that send a message. `said`: its data as on the wire, over what was decided."""
    if isinstance(data, SlaDeadlineBreached) and _past_at_import(ticket, data):
        return []
    return [row for row in rows if _applies(row, policy, said) and _has_reader(row, policy, ticket)]


def reader_of(row: MessageRow, said: Mapping[str, Any]) -> str:
    """Return who reads a row's message, as in `message_sent`."""
    return str(said["to"]) if row.to == ESCALATED_TO else row.to


def _has_reader(row: MessageRow, policy: Policy, ticket: Ticket) -> bool:
    """A brand is told only where the policy names its contact (J2); everybody else is known, if only to the storefront."""
    return row.to != BRAND or ticket.facts.get(BRAND) in policy.contacts.brands


def _past_at_import(ticket: Ticket, data: SlaDeadlineBreached) -> bool:
    return bool(ticket.facts.get("imported")) and data.due_at < ticket.opened_at


def _applies(row: MessageRow, policy: Policy, said: Mapping[str, Any]) -> bool:
    when = row.when
    return (
        (when.clock is None or when.clock == said.get("clock"))
        and (when.step is None or when.step == said.get("step"))
        and (not when.remedy or said.get("remedy") in when.remedy)
        and (not when.warns or _warns(row, policy, said))
    )


def _warns(row: MessageRow, policy: Policy, said: Mapping[str, Any]) -> bool:
    """Say whether the breached clock's row warns this recipient at this step."""
    clock_row = policy.row(str(said.get("clock")), str(said.get("rule")))
    step = said.get("step")
    if clock_row is None or step not in _STEPS:
        return False
    return any(warning.warn == row.to for warning in clock_row.warnings(step))


def _message(
    row: MessageRow, ticket: Ticket, said: Mapping[str, Any], values: Mapping[str, Any], department: str | None
) -> Message:
    to = reader_of(row, said)
    party = {
        "department": department,
        "merchant": ticket.facts.get("merchant_id"),
        "owner": ticket.facts.get("owner"),
        BRAND: ticket.facts.get(BRAND),
    }.get(to)
    return Message(row.template, to, party, values)


def _values(policy: Policy, ticket: Ticket, data: EventData, said: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: said[name] for name in _SAID if name in said}
    values |= {"ticket_no": ticket.number, "kind": ticket.facts["kind"]}
    if brand := ticket.facts.get(BRAND):
        values[BRAND] = brand
    if "remedy" not in values and (promised := _promised_remedy(policy, said)):
        values["remedy"] = promised
    if isinstance(data, TicketOpened) and (reply_due_at := _reply_due_at(policy, ticket)):
        values["reply_due_at"] = reply_due_at
    return values


def _promised_remedy(policy: Policy, said: Mapping[str, Any]) -> str | None:
    """Return the remedy that the row of this clock promises at this step: what a held one will be."""
    row = policy.row(str(said.get("clock")), str(said.get("rule")))
    remedy = row.remedy(said["step"]) if row is not None and said.get("step") in _STEPS else None
    return remedy.remedy if remedy else None


def _reply_due_at(policy: Policy, ticket: Ticket) -> str | None:
    """Return by when the customer is told of progress: the agreed time (F2), else the reply window's (F1)."""
    if agreed := ticket.facts.get("agreed_reply_at"):
        return format_instant(parse_instant(agreed))
    row = row_for(policy, "progress_reply", ticket.scope(policy))
    return format_instant(due(row, ticket.accepted_at, policy).due_at) if row else None
