"""What a simulation says: events like those the services publish, with ids that the same input always gives."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import blake2b
from json.encoder import encode_basestring
from typing import Final

from amends.events.codec import JSON_TYPE, SEQUENCE_DIGITS, SPECVERSION
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.schema import dataschema_uri
from amends.instants import format_instant

INTAKE: Final = "/amends/intake"
SLA: Final = "/amends/sla"
COMPENSATION: Final = "/amends/compensation"
NOTIFY: Final = "/amends/notify"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_VARIANT: Final = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


class Moment:
    """An instant of virtual time, written once for all events that happen at it."""

    __slots__ = ("_stamp", "at", "written")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.written = format_instant(at)
        stamp = f"{(at - _EPOCH) // _MILLISECOND & 0xFFFF_FFFF_FFFF:012x}"
        self._stamp = f"{stamp[:8]}-{stamp[8:]}"

    def id_of(self, *parts: str) -> str:
        """Return a UUIDv7 of this instant; the rest of it comes from the parts alone, so that it never changes."""
        digits = blake2b("\x00".join(parts).encode(), digest_size=10).hexdigest()
        return f"{self._stamp}-7{digits[:3]}-{_VARIANT[digits[3]]}{digits[4:7]}-{digits[7:19]}"


@dataclass(slots=True)
class Said:
    """One event that a simulation writes. It never changes; frozen, each would take three times as long to make."""

    id: str
    source: str
    subject: str
    tenant: str
    moment: Moment
    sequence: int
    fact: EventData
    correlationid: str
    causationid: str | None

    @property
    def time(self) -> datetime:
        """Return when it happens, in virtual time."""
        return self.moment.at

    def as_event(self) -> Event:
        """Return it as the services would hear it."""
        return Event(
            id=self.id,
            source=self.source,
            type=self.fact.wire_type,
            subject=self.subject,
            time=self.time,
            partitionkey=self.subject,
            tenantid=self.tenant,
            data=self.fact.to_data(),
            sequence=self.sequence,
            correlationid=self.correlationid,
            causationid=self.causationid,
            dataschema=dataschema_uri(self.fact.wire_type),
        )


def line_of(said: Said) -> str:
    """Return the event in structured mode on one line, with its line end: what `encode_structured` writes of it."""
    subject = encode_basestring(said.subject)
    causation = "" if said.causationid is None else f'"causationid":{encode_basestring(said.causationid)},'
    head, tail, write = _of_type(type(said.fact))
    data = write(said.fact, by_alias=True, exclude_none=True)
    return (
        f'{{"specversion":"{SPECVERSION}","id":"{said.id}","source":"{said.source}",{head}'
        f'"subject":{subject},"time":"{said.moment.written}","partitionkey":{subject},'
        f'"tenantid":{encode_basestring(said.tenant)},"sequence":"{said.sequence:0{SEQUENCE_DIGITS}d}",'
        f'"correlationid":{encode_basestring(said.correlationid)},{causation}'
        f"{tail}{data.decode()}}}\n"
    )


@cache
def _of_type(model: type[EventData]) -> tuple[str, str, Callable[..., bytes]]:
    """Return what is the same on every line of a type, and what writes its data."""
    schema = dataschema_uri(model.wire_type)
    tail = f'"dataschema":"{schema}","datacontenttype":"{JSON_TYPE}","data":'
    # What `model_dump_json` calls, without its dozen defaults.
    return f'"type":"{model.wire_type}",', tail, model.__pydantic_serializer__.to_json
