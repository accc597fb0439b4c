"""JSON Schema (2020-12) of every event: what other people's programs can hold on to."""

import json
from pathlib import Path
from typing import Any, Final

from amends.events.codec import SEQUENCE_DIGITS, SPECVERSION
from amends.events.data import EventData
from amends.events.registry import REGISTRY

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE_URI: Final = "urn:amends:schema:cloudevent.v1"


def dataschema_uri(wire_type: str) -> str:
    """Return the `dataschema` of a wire type: a name, not a place to fetch from."""
    return f"urn:amends:schema:{wire_type.removeprefix('amends.')}"


def data_schema(model: type[EventData]) -> dict[str, Any]:
    """Return the schema of one event's data. It lets unknown fields and unknown words pass, as consumers must."""
    written = model.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": _DIALECT, "$id": dataschema_uri(model.wire_type), **written}


def envelope_schema() -> dict[str, Any]:
    """Return the schema of an event in structured mode, around any data."""
    text = {"type": "string", "minLength": 1}
    return {
        "$schema": _DIALECT,
        "$id": ENVELOPE_URI,
        "title": "AmendsEvent",
        "type": "object",
        "properties": {
            "specversion": {"const": SPECVERSION},
            "id": {**text, "description": "UUIDv7"},
            "source": {**text, "format": "uri-reference"},
            "type": {**text, "examples": list(REGISTRY)},
            "subject": {**text, "description": "the ticket id, or what the event is about"},
            "time": {**text, "format": "date-time", "description": "when the owning service recorded it"},
            "partitionkey": text,
            "tenantid": text,
            "sequence": {
                "type": "string",
                "pattern": f"^[0-9]{{1,{SEQUENCE_DIGITS}}}$",
                "description": "+1 per ticket and source; absent for events that belong to no ticket",
            },
            "correlationid": text,
            "causationid": {**text, "description": "the event that caused this one; absent for a timer"},
            "traceparent": text,
            "dataschema": {**text, "format": "uri"},
            "datacontenttype": {"const": "application/json"},
            "data": {"type": "object"},
        },
        "required": ["specversion", "id", "source", "type", "subject", "time", "tenantid"],
    }


def export() -> dict[str, dict[str, Any]]:
    """Return every schema by the name of its file, for example `cloudevent.v1.json` and `ticket.opened.v1.json`."""
    schemas = {"cloudevent.v1.json": envelope_schema()}
    for wire_type, model in REGISTRY.items():
        schemas[f"{wire_type.removeprefix('amends.')}.json"] = data_schema(model)
    return schemas


def write(folder: Path) -> list[Path]:
    """Write every schema into a folder, which is made if it is missing, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, schema in export().items():
        file = folder / name
        file.write_text(json.dumps(schema, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        files.append(file)
    return files
