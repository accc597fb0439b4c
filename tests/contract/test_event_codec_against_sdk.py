"""The codec against the official CloudEvents SDK, in both directions and both modes."""

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from amends.events.codec import decode, encode_binary, encode_structured
from amends.events.envelope import Event
from amends.events.registry import UnknownData, payload
from amends.events.ticket import TicketOpened

NINE = datetime(2026, 5, 13, 1, 0, 0, 123456, tzinfo=UTC)
REQUIRED = {"id": "e-1", "source": "/amends/intake", "type": "amends.ticket.opened.v1", "subject": "T-1",
            "time": NINE, "tenantid": "demo"}  # fmt: skip
OPTIONAL = {"partitionkey": "T-1", "sequence": "0000000000000000003", "correlationid": "c", "causationid": "k",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "dataschema": "urn:amends:schema:ticket.opened.v1"}  # fmt: skip
OPENED = {"channel": "phone", "kind": "complaint", "case_type": "complaint_service", "tags": ["加急"]}

CASES = {
    "Chinese text": ({**REQUIRED, **OPTIONAL}, {**OPENED, "owner": "王小明 — “客服”"}),
    "missing optional attributes": (dict(REQUIRED), OPENED),
    "unknown fields": ({**REQUIRED, **OPTIONAL}, {**OPENED, "mood": {"level": [1, None]}}),
    "unknown attributes": ({**REQUIRED, **OPTIONAL, "shopregion": "华东", "b3": "1"}, OPENED),
    "unknown type": ({**REQUIRED, "type": "amends.ticket.sung_to.v1"}, {"song": "茉莉花"}),
    "no data": ({**REQUIRED, "type": "amends.ticket.closed.v1"}, {}),
}
cases = pytest.mark.parametrize(("attributes", "data"), CASES.values(), ids=CASES.keys())


def ours(attributes: dict, data: dict) -> Event:
    own = {name: value for name, value in attributes.items() if name in Event.__slots__}
    extensions = {name: value for name, value in attributes.items() if name not in own}
    sequence = int(own.pop("sequence")) if "sequence" in own else None
    return Event(**{"partitionkey": attributes["subject"], **own}, sequence=sequence, data=data, extensions=extensions)


def theirs(event: CloudEvent) -> tuple[dict, dict]:
    attributes = {**event.get_attributes()}
    assert attributes.pop("specversion") == "1.0"
    assert attributes.pop("datacontenttype", "application/json") == "application/json"
    return attributes, event.get_data() or {}


def expected(attributes: dict, data: dict) -> tuple[dict, dict]:
    return {"partitionkey": attributes["subject"], **attributes}, data


@cases
def test_the_sdk_reads_what_we_write_in_binary_mode(attributes, data):
    headers, value = encode_binary(ours(attributes, data))
    message = kafka.KafkaMessage(dict(headers), attributes["subject"].encode(), value)
    assert theirs(kafka.from_kafka(message, JSONFormat())) == expected(attributes, data)


@cases
def test_the_sdk_reads_what_we_write_in_structured_mode(attributes, data):
    read = JSONFormat().read(CloudEvent, encode_structured(ours(attributes, data)))
    assert theirs(read) == expected(attributes, data)


@cases
@pytest.mark.parametrize("write", [kafka.to_binary, kafka.to_structured])
def test_we_read_what_the_sdk_writes(write, attributes, data):
    message = write(CloudEvent(dict(attributes), dict(data)), JSONFormat())
    assert decode(message.headers, message.value) == ours(attributes, data)


def test_we_read_an_event_that_the_sdk_writes_without_data():
    attributes = {**REQUIRED, "type": "amends.ticket.closed.v1"}
    for write in (kafka.to_binary, kafka.to_structured):
        message = write(CloudEvent(dict(attributes)), JSONFormat())
        assert decode(message.headers, message.value) == ours(attributes, {})


def test_we_read_data_that_the_sdk_writes_as_bytes():
    event = CloudEvent({**REQUIRED, "datacontenttype": "application/json"}, '{"说": "好"}'.encode())
    for write in (kafka.to_binary, kafka.to_structured):
        message = write(event, JSONFormat())
        assert decode(message.headers, message.value).data == {"说": "好"}


def test_payloads_survive_the_way_through_the_sdk():
    attributes, data = CASES["unknown fields"]
    message = kafka.to_binary(CloudEvent(dict(attributes), dict(data)), JSONFormat())
    assert payload(decode(message.headers, message.value)) == TicketOpened.model_validate(OPENED)
    attributes, data = CASES["unknown type"]
    message = kafka.to_binary(CloudEvent(dict(attributes), dict(data)), JSONFormat())
    assert payload(decode(message.headers, message.value)) == UnknownData(raw=data)
