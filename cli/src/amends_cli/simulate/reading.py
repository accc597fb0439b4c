"""From a line of JSON to an event that counts in a simulation: what is left out gets its default (CONTRACT §4)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from amends.events.codec import event_from_json
from amends.events.data import EventData
from amends.events.parts import Order
from amends.events.problems import NotAnEvent
from amends.events.registry import COMPENSATION_TOPIC, CONTACT_TOPIC, REGISTRY, TICKET_TOPIC, UnknownData
from amends.events.ticket import TicketOpened, TicketReclassified

DEFAULT_TENANT: Final = "demo"

_TICKET: Final = "amends.ticket."
_OTHERS: Final[Mapping[str, str]] = {
    "amends.contact.revisit_done.v1": CONTACT_TOPIC,
    "amends.contact.survey_answered.v1": CONTACT_TOPIC,
    "amends.contact.feedback_given.v1": CONTACT_TOPIC,
    "amends.compensation.approved.v1": COMPENSATION_TOPIC,
    "amends.compensation.rejected.v1": COMPENSATION_TOPIC,
}
_NAMELESS: Final = {"id": "-", "source": "-", "tenantid": DEFAULT_TENANT}


class BadLine(ValueError):  # noqa: N818 - named after what it is
    """A line that cannot be simulated: its number, the attribute or field, and what is wrong with it."""

    def __init__(self, number: int, where: str, what: str) -> None:
        super().__init__(f"line {number}: {where}: {what}")
        self.number = number
        self.where = where
        self.what = what


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of the input, read once. `id` is absent where the input gives none; `fact` is its data, typed."""

    line: int
    topic: str
    type: str
    subject: str
    tenant: str
    time: datetime
    data: dict[str, Any]
    fact: EventData
    id: str | None = None
    correlationid: str | None = None


def read_line(number: int, line: bytes) -> Heard | None:
    """Read a line; None for an empty one, and for an event of a type that a simulation passes over.

    Raises:
        BadLine: naming the attribute or field that is missing or wrong.
    """
    if not line.strip():
        return None
    try:
        return _read(number, line)
    except NotAnEvent as error:
        raise BadLine(number, error.where, error.what) from error


def _read(number: int, line: bytes) -> Heard | None:
    raw = _json(line)
    wire_type = raw.get("type")
    if not isinstance(wire_type, str) or not wire_type:
        raise NotAnEvent("type", "missing or empty")
    topic = TICKET_TOPIC if wire_type.startswith(_TICKET) else _OTHERS.get(wire_type)
    if topic is None:
        return None
    event = event_from_json(raw, _NAMELESS)
    return Heard(
        line=number,
        topic=topic,
        type=wire_type,
        subject=event.subject,
        tenant=event.tenantid,
        time=event.time,
        data=event.data,
        fact=_fact(wire_type, event.data),
        id=None if event.id == "-" else event.id,
        correlationid=event.correlationid,
    )


def _json(line: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotAnEvent("value", f"not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise NotAnEvent("value", "not a JSON object")
    return raw


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _fact(wire_type: str, data: dict[str, Any]) -> EventData:
    model = REGISTRY.get(wire_type)
    if model is None:
        return UnknownData(raw=data)
    try:
        fact = model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise NotAnEvent(".".join(str(step) for step in ("data", *first["loc"])), first["msg"]) from error
    if isinstance(fact, TicketOpened | TicketReclassified) and fact.order is not None:
        _lines_stand_once(fact.order)
    return fact


def _lines_stand_once(order: Order) -> None:
    seen: set[str] = set()
    for position, item in enumerate(order.items):
        if item.line_id in seen:
            raise NotAnEvent(f"data.order.items.{position}.line_id", f"line {item.line_id!r} stands twice")
        seen.add(item.line_id)
