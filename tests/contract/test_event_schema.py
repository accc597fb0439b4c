"""The exported JSON Schemas: what other people's programs hold on to."""

import json

import jsonschema_rs
import pytest

from amends.events.codec import event_to_json
from amends.events.envelope import Event
from amends.events.registry import REGISTRY
from amends.events.schema import data_schema, dataschema_uri, envelope_schema, export, write
from amends.events.sla import SlaClockMoved
from amends.events.ticket import TicketOpened
from amends.instants import parse_instant

MINIMAL = {"channel": "phone", "kind": "complaint", "case_type": "complaint_service"}


def test_every_event_and_the_envelope_are_exported_as_valid_schemas():
    exported = export()
    assert len(exported) == len(REGISTRY) + 1
    for schema in exported.values():
        jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("wire_type", REGISTRY)
def test_a_schema_is_found_by_its_events_dataschema(wire_type):
    name = wire_type.removeprefix("amends.")
    assert export()[f"{name}.json"]["$id"] == dataschema_uri(wire_type) == f"urn:amends:schema:{name}"


def test_a_schema_takes_what_consumers_must_take():
    schema = data_schema(TicketOpened)
    jsonschema_rs.validate(schema, MINIMAL)
    jsonschema_rs.validate(schema, {**MINIMAL, "channel": "hologram", "mood": "calm"})
    assert schema["properties"]["channel"]["examples"] == ["phone", "chat", "email", "app", "web", "social"]


@pytest.mark.parametrize(
    "wrong", [{"kind": "complaint"}, {**MINIMAL, "level": "1"}, {**MINIMAL, "order": {"order_id": "O"}}]
)
def test_a_schema_refuses_what_the_model_refuses(wrong):
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(data_schema(TicketOpened), wrong)


def test_the_schema_of_clock_moved_says_from():
    assert "from" in data_schema(SlaClockMoved)["required"]


def test_an_event_as_written_fits_the_envelopes_schema():
    event = Event(
        id="1", source="/amends/intake", type="amends.ticket.opened.v1", subject="T", partitionkey="T",
        time=parse_instant("2026-05-13T01:00:00Z"), tenantid="demo", data=MINIMAL, sequence=1,
    )  # fmt: skip
    jsonschema_rs.validate(envelope_schema(), event_to_json(event))


def test_schemas_are_written_as_files(tmp_path):
    files = write(tmp_path / "schemas")
    assert {file.name for file in files} == set(export())
    assert json.loads((tmp_path / "schemas" / "ticket.opened.v1.json").read_text("utf-8"))["title"] == "TicketOpened"
