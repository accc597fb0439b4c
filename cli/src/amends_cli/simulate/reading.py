"""From a line of JSON to an event that counts in a simulation: what is left out gets its default (CONTRACT §4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json

from amends.events.codec import JSON_TYPE, SPECVERSION, event_from_json
from amends.events.data import EventData
from amends.events.parts import Order
from amends.events.problems import NotAnEvent
from amends.events.registry import COMPENSATION_TOPIC, CONTACT_TOPIC, REGISTRY, TICKET_TOPIC, UnknownData
from amends.events.ticket import TicketOpened, TicketReclassified
from amends.instants import parse_instant

DEFAULT_TENANT: Final = "demo"

_TICKET: Final = "amends.ticket."
_OTHERS: Final[Mapping[str, str]] = {
    "amends.contact.revisit_done.v1": CONTACT_TOPIC,
    "amends.contact.survey_answered.v1": CONTACT_TOPIC,
    "amends.contact.feedback_given.v1": CONTACT_TOPIC,
    "amends.compensation.approved.v1": COMPENSATION_TOPIC,
    "amends.compensation.rejected.v1": COMPENSATION_TOPIC,
}
_DEFAULTS: Final = {"id": "-", "source": "-", "tenantid": DEFAULT_TENANT}
_PLAIN: Final = frozenset(
    [
        "specversion",
        "id",
        "source",
        "type",
        "subject",
        "time",
        "partitionkey",
        "tenantid",
        "sequence",
        "correlationid",
        "causationid",
        "traceparent",
        "dataschema",
        "datacontenttype",
        "data",
    ]
)
"""The attributes that we know; any other has its name checked."""


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
    event = _plain(raw) or event_from_json(raw, _DEFAULTS)
    return Heard(
        line=number,
        topic=topic,
        type=wire_type,
        subject=event.subject,
        tenant=event.tenantid,
        time=event.time,
        data=event.data,
        fact=_fact(wire_type, event.data),
        id=None if event.id == _DEFAULTS["id"] else event.id,
        correlationid=event.correlationid,
    )


@dataclass(frozen=True, slots=True)
class _Plain:
    """What of an event counts here, where it is written as almost all are."""

    subject: str
    time: datetime
    tenantid: str
    data: dict[str, Any]
    id: str | None
    correlationid: str | None


def _plain(raw: dict[str, Any]) -> _Plain | None:
    """Read an event whose attributes are all plain strings; None: read it the long way, which also says what is wrong."""
    data, written = raw.get("data"), raw.get("time")
    if not isinstance(data, dict) or not isinstance(written, str) or not _PLAIN.issuperset(raw):
        return None
    if raw.get("specversion", SPECVERSION) != SPECVERSION or raw.get("datacontenttype", JSON_TYPE) != JSON_TYPE:
        return None
    subject, tenant = raw.get("subject"), raw.get("tenantid", DEFAULT_TENANT)
    own_id, correlation = raw.get("id"), raw.get("correlationid")
    if not isinstance(subject, str) or not subject or not isinstance(tenant, str) or not tenant:
        return None
    if not isinstance(own_id, str | None) or own_id == "" or not isinstance(correlation, str | None):
        return None
    try:
        return _Plain(subject, parse_instant(written), tenant, data, own_id, correlation)
    except (ValueError, OverflowError):
        return None


def _json(line: bytes) -> dict[str, Any]:
    try:
        raw = from_json(line, allow_inf_nan=False)
    except ValueError as error:
        what = str(error).replace("at line 1 column", "at column")  # the line's number is said already
        raise NotAnEvent("value", f"not JSON: {what}") from error
    if not isinstance(raw, dict):
        raise NotAnEvent("value", "not a JSON object")
    return raw


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
