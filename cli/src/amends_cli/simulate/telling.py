"""What a simulation says: events like those the services publish, with ids that the same input always gives."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
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
_VERSION_7: Final = 0x7 << 76
_VARIANT: Final = 0x2 << 62
_RANDOM_BITS: Final = 74


@dataclass(frozen=True, slots=True)
class Said:
    """One event that a simulation writes."""

    id: str
    source: str
    subject: str
    tenant: str
    time: datetime
    sequence: int
    fact: EventData
    correlationid: str
    causationid: str | None

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


def id_of(at: datetime, *parts: str) -> str:
    """Return a UUIDv7 of this instant; the rest of it comes from the parts alone, so that it never changes."""
    digest = int.from_bytes(blake2b("\x00".join(parts).encode(), digest_size=10).digest())
    random = digest >> (80 - _RANDOM_BITS)
    milliseconds = (at - _EPOCH) // _MILLISECOND
    number = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | _VERSION_7 | (random >> 62) << 64
    number |= _VARIANT | random & ((1 << 62) - 1)
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def line_of(said: Said) -> str:
    """Return the event in structured mode on one line, with its line end: what `encode_structured` writes of it."""
    wire_type = said.fact.wire_type
    subject = _quoted(said.subject)
    causation = "" if said.causationid is None else f'"causationid":{_quoted(said.causationid)},'
    data = said.fact.model_dump_json(by_alias=True, exclude_none=True)
    return (
        f'{{"specversion":"{SPECVERSION}","id":"{said.id}","source":"{said.source}","type":"{wire_type}",'
        f'"subject":{subject},"time":"{format_instant(said.time)}","partitionkey":{subject},'
        f'"tenantid":{_quoted(said.tenant)},"sequence":"{said.sequence:0{SEQUENCE_DIGITS}d}",'
        f'"correlationid":{_quoted(said.correlationid)},{causation}'
        f'"dataschema":"{dataschema_uri(wire_type)}","datacontenttype":"{JSON_TYPE}","data":{data}}}\n'
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
