"""CloudEvents 1.0 on the bus and in files: binary mode (attributes as `ce_*` headers) and structured mode (one object).

Written by hand, as it runs for every event twice: the official SDK validates far more than we need, and keeps neither
the order of our attributes nor microseconds. Tests hold it against that SDK in both directions.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from amends.events.envelope import Event
from amends.events.problems import NotAnEvent
from amends.instants import format_instant, parse_instant

Headers = tuple[tuple[str, bytes], ...]

SPECVERSION: Final = "1.0"
SEQUENCE_DIGITS: Final = 19
"""Digits of a 64-bit counter, so that sequences sort as strings."""

CONTENT_TYPE: Final = "content-type"
JSON_TYPE: Final = "application/json"
STRUCTURED_TYPE: Final = "application/cloudevents+json"
STRUCTURED_HEADERS: Final[Headers] = ((CONTENT_TYPE, STRUCTURED_TYPE.encode()),)

_PREFIX: Final = "ce_"
_REQUIRED: Final = ("id", "source", "type", "subject", "time", "tenantid")
_OPTIONAL: Final = ("correlationid", "causationid", "traceparent", "dataschema")
_NOT_EXTENSIONS: Final = frozenset(
    (*_REQUIRED, *_OPTIONAL, "specversion", "datacontenttype", "partitionkey", "sequence", "data", "data_base64")
)
_NAME: Final = re.compile(r"[a-z0-9]+")
_JSON_MEDIA: Final = re.compile(r"[\w.+-]+/(?:[\w.-]+\+)?json", re.ASCII)
_encode_json: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def encode_binary(event: Event) -> tuple[Headers, bytes]:
    """Return Kafka headers and value. The key is the caller's: `event.partitionkey`.

    Raises:
        NotAnEvent: the data cannot be JSON (a float that is no number, half of a surrogate pair).
    """
    headers = [(f"{_PREFIX}{name}", value.encode()) for name, value in _attributes(event).items()]
    headers.append((CONTENT_TYPE, JSON_TYPE.encode()))
    return tuple(headers), _json_bytes(event.data)


def encode_structured(event: Event) -> bytes:
    """Return the whole event as one JSON object on one line, without a line end.

    Raises:
        NotAnEvent: the data cannot be JSON.
    """
    return _json_bytes(event_to_json(event))


def event_to_json(event: Event) -> dict[str, Any]:
    """Return the event in CloudEvents' JSON format; its `data` is the event's own, not a copy."""
    return {**_attributes(event), "datacontenttype": JSON_TYPE, "data": event.data}


def event_from_json(raw: Mapping[str, Any], defaults: Mapping[str, str] | None = None) -> Event:
    """Read an event from CloudEvents' JSON format; `defaults` stand in for attributes that are absent.

    What is neither an attribute that we know nor an extension as CloudEvents has them is passed over (CONTRACT §1).

    Raises:
        NotAnEvent: saying which attribute is missing or wrong.
    """
    attributes = dict(defaults or {})
    for name, value in raw.items():
        if name in {"data", "data_base64"} or value is None:
            continue
        text = _attribute_text(value)
        if text is not None:
            attributes[name] = text
        elif name in _NOT_EXTENSIONS:
            raise NotAnEvent(name, "an attribute is a string, a boolean or an integer")
    return _event(attributes, _structured_data(raw, attributes))


def decode(headers: Iterable[tuple[str, bytes | None]] | Mapping[str, bytes | None], value: bytes | None) -> Event:
    """Read an event in either mode: structured when the content type says so, or when there are no `ce_` headers.

    Raises:
        NotAnEvent: saying which header, attribute or field is missing or wrong.
    """
    attributes, content_type = _read_headers(headers.items() if isinstance(headers, Mapping) else headers)
    if value is None:
        raise NotAnEvent("value", "empty (a tombstone)")
    if content_type.startswith("application/cloudevents") or not attributes:
        if content_type not in {"", JSON_TYPE, STRUCTURED_TYPE}:
            raise NotAnEvent(CONTENT_TYPE, f"{content_type!r} is not {STRUCTURED_TYPE}")
        raw = _load_json("value", value)
        if not isinstance(raw, dict):
            raise NotAnEvent("value", "not a JSON object")
        return event_from_json(raw)
    attributes.pop("datacontenttype", None)
    return _event(attributes, _data(_load_typed(content_type, value)))


def _attributes(event: Event) -> dict[str, str]:
    attributes = {
        "specversion": SPECVERSION,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": format_instant(event.time),
        "partitionkey": event.partitionkey,
        "tenantid": event.tenantid,
    }
    if event.sequence is not None:
        attributes["sequence"] = f"{event.sequence:0{SEQUENCE_DIGITS}d}"
    for name in _OPTIONAL:
        value = getattr(event, name)
        if value is not None:
            attributes[name] = value
    for name, value in event.extensions.items():
        attributes.setdefault(name, value)
    return attributes


def _json_bytes(value: Any) -> bytes:
    try:
        return _encode_json(value).encode()
    except (TypeError, ValueError) as error:
        raise NotAnEvent("data", f"cannot be written as JSON: {error}") from error


def _read_headers(headers: Iterable[tuple[str, bytes | None]]) -> tuple[dict[str, str], str]:
    attributes: dict[str, str] = {}
    content_type = ""
    for name, value in headers:
        key = name.lower()
        if value is None or not (key == CONTENT_TYPE or key.startswith(_PREFIX)):
            continue
        try:
            text = value.decode()
        except UnicodeDecodeError as error:
            raise NotAnEvent(name, "not UTF-8") from error
        if key == CONTENT_TYPE:
            content_type = text.partition(";")[0].strip().lower()
        else:
            attributes[key[len(_PREFIX) :]] = text
    return attributes, content_type


def _attribute_text(value: Any) -> str | None:
    """Return an attribute in its canonical string form: CloudEvents lets JSON hold booleans and integers too."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return None


def _structured_data(raw: Mapping[str, Any], attributes: dict[str, str]) -> dict[str, Any]:
    content_type = attributes.pop("datacontenttype", JSON_TYPE).partition(";")[0].strip().lower()
    encoded = raw.get("data_base64")
    if encoded is None:
        if not _JSON_MEDIA.fullmatch(content_type):
            raise NotAnEvent("datacontenttype", f"{content_type!r} is not JSON")
        return _data(raw.get("data"))
    try:
        value = base64.b64decode(encoded, validate=True)
    except (TypeError, ValueError) as error:
        raise NotAnEvent("data_base64", "not base64") from error
    return _data(_load_typed(content_type, value))


def _load_typed(content_type: str, value: bytes) -> Any:
    if content_type and not _JSON_MEDIA.fullmatch(content_type):
        raise NotAnEvent(CONTENT_TYPE, f"{content_type!r} is not JSON")
    return _load_json("data", value) if value else None


def _load_json(where: str, value: bytes) -> Any:
    try:
        return json.loads(value, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise NotAnEvent(where, f"not JSON: {error}") from error


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _data(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise NotAnEvent("data", "not a JSON object")
    return value


def _event(attributes: Mapping[str, str], data: dict[str, Any]) -> Event:
    specversion = attributes.get("specversion", SPECVERSION)
    if specversion != SPECVERSION:
        raise NotAnEvent("specversion", f"{specversion!r} is not {SPECVERSION}")
    for name in _REQUIRED:
        if not attributes.get(name):
            raise NotAnEvent(name, "missing or empty")
    try:
        time = parse_instant(attributes["time"])
    except (ValueError, OverflowError) as error:
        raise NotAnEvent("time", str(error)) from error
    extensions = {
        name: value for name, value in attributes.items() if name not in _NOT_EXTENSIONS and _NAME.fullmatch(name)
    }
    return Event(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        subject=attributes["subject"],
        time=time,
        partitionkey=attributes.get("partitionkey") or attributes["subject"],
        tenantid=attributes["tenantid"],
        data=data,
        sequence=_sequence(attributes.get("sequence")),
        correlationid=attributes.get("correlationid"),
        causationid=attributes.get("causationid"),
        traceparent=attributes.get("traceparent"),
        dataschema=attributes.get("dataschema"),
        extensions=extensions,
    )


def _sequence(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= SEQUENCE_DIGITS):
        raise NotAnEvent("sequence", f"{text!r} is not a decimal number of at most {SEQUENCE_DIGITS} digits")
    return int(text)
