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


@dataclass(slots=True)
class Heard:
    """One event of the input, read once. `fact` is its data, typed.

    `id` and `correlationid` are empty where the input gives none, until the simulation gives it some.
    """

    line: int
    topic: str
    type: str
    subject: str
    tenant: str
    time: datetime
    data: dict[str, Any]
    fact: EventData
    id: str
    correlationid: str


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
    subject, tenant, time, data, own_id, correlation = _plain(raw) or _any(raw)
    fact = _fact(wire_type, data)
    return Heard(number, topic, wire_type, subject, tenant, time, data, fact, own_id, correlation)


_Counting = tuple[str, str, datetime, dict[str, Any], str, str]
"""What of an event's attributes counts here: subject, tenant, time, data, id, correlation."""


def _any(raw: dict[str, Any]) -> _Counting:
    """Read an event as every other reader does.

    Raises:
        NotAnEvent: saying which attribute is missing or wrong.
    """
    event = event_from_json(raw, _DEFAULTS)
    own_id = "" if event.id == _DEFAULTS["id"] else event.id
    return event.subject, event.tenantid, event.time, event.data, own_id, event.correlationid or ""


def _plain(raw: dict[str, Any]) -> _Counting | None:
    """Read an event whose attributes are all plain strings; None: only the long way says what it is, or what is wrong."""
    if not _PLAIN.issuperset(raw):
        return None
    data, time, subject = raw.get("data"), raw.get("time"), raw.get("subject")
    tenant, own_id, correlation = raw.get("tenantid", DEFAULT_TENANT), raw.get("id", "-"), raw.get("correlationid", "")
    if not (
        type(data) is dict and type(time) is type(subject) is type(tenant) is type(own_id) is type(correlation) is str
    ):
        return None
    if raw.get("specversion", SPECVERSION) != SPECVERSION or raw.get("datacontenttype", JSON_TYPE) != JSON_TYPE:
        return None
    if not (subject and tenant and own_id):
        return None
    try:
        return subject, tenant, parse_instant(time), data, "" if own_id == "-" else own_id, correlation
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
        fact: EventData = model.__pydantic_validator__.validate_python(
            data
        )  # `model_validate` without its dozen defaults
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise NotAnEvent(".".join(str(step) for step in ("data", *first["loc"])), first["msg"]) from error
    if isinstance(fact, TicketOpened) or isinstance(fact, TicketReclassified):  # noqa: SIM101 - twice as fast
        _lines_stand_once(fact.order)
    return fact


def _lines_stand_once(order: Order | None) -> None:
    seen: set[str] = set()
    for position, item in enumerate(order.items if order else ()):
        if item.line_id in seen:
            raise NotAnEvent(f"data.order.items.{position}.line_id", f"line {item.line_id!r} stands twice")
        seen.add(item.line_id)
