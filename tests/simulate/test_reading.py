"""What of a line counts, what is passed over, and what a bad line is told."""

import json
from datetime import UTC, datetime

import pytest

from amends.events.registry import CONTACT_TOPIC, TICKET_TOPIC
from amends_cli.simulate.reading import BadLine, read_line

MINIMAL = {
    "type": "amends.ticket.opened.v1",
    "subject": "T-1",
    "time": "2026-05-13T09:20:00+08:00",
    "data": {"channel": "app", "kind": "complaint", "case_type": "other"},
}


def read(**changes):
    event = {name: value for name, value in (MINIMAL | changes).items() if value is not None}
    return read_line(7, json.dumps(event).encode())


def test_a_minimal_opened_is_enough():
    heard = read()
    assert heard is not None
    assert (heard.topic, heard.subject, heard.tenant) == (TICKET_TOPIC, "T-1", "demo")
    assert heard.time == datetime(2026, 5, 13, 1, 20, tzinfo=UTC)
    assert (heard.fact.to_data(), heard.id) == (heard.data | {"tags": [], "evidence": []}, "")


def test_attributes_that_are_given_count():
    heard = read(id="e-1", tenantid="shop", correlationid="c-1", specversion="1.0", source="/amends/intake", sequence=3)
    assert heard is not None
    assert (heard.id, heard.tenant, heard.correlationid) == ("e-1", "shop", "c-1")


def test_data_may_be_base64_as_cloudevents_allow():
    heard = read(data=None, data_base64="eyJjaGFubmVsIjoiYXBwIiwia2luZCI6ImNvbXBsYWludCIsImNhc2VfdHlwZSI6ImIifQ==")
    assert heard is not None
    assert heard.data["case_type"] == "b"


@pytest.mark.parametrize(
    ("wire_type", "data", "topic"),
    [
        ("amends.ticket.something_new.v1", {"whatever": 1}, TICKET_TOPIC),
        ("amends.contact.survey_answered.v1", {"rating": 2}, CONTACT_TOPIC),
        ("amends.contact.revisit_done.v1", {"outcome": "solved"}, CONTACT_TOPIC),
    ],
)
def test_types_that_count_are_read(wire_type, data, topic):
    heard = read(type=wire_type, data=data)
    assert heard is not None
    assert heard.topic == topic


@pytest.mark.parametrize(
    "wire_type",
    ["amends.sla.clock_started.v1", "amends.contact.message_sent.v1", "amends.compensation.decided.v1", "x"],
)
def test_other_types_are_passed_over_whatever_they_hold(wire_type):
    assert read(type=wire_type, data="nonsense", time="never") is None


@pytest.mark.parametrize("blank", [b"", b"\n", b"  \r\n"])
def test_an_empty_line_is_no_event(blank):
    assert read_line(1, blank) is None


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"type": None}, "type", "missing"),
        ({"type": 5}, "type", "missing"),
        ({"subject": None}, "subject", "missing"),
        ({"time": None}, "time", "missing"),
        ({"time": "yesterday"}, "time", "Invalid isoformat"),
        ({"time": "2026-05-13T09:20:00"}, "time", "no time zone"),
        ({"specversion": "0.3"}, "specversion", "0.3"),
        ({"data": [1]}, "data", "not a JSON object"),
        ({"datacontenttype": "text/xml"}, "datacontenttype", "not JSON"),
        ({"data": {"channel": "app", "kind": "complaint"}}, "data.case_type", "required"),
        ({"data": MINIMAL["data"] | {"accepted_at": "2026-05-13"}}, "data.accepted_at", "zone"),
        ({"data": MINIMAL["data"] | {"level": "two"}}, "data.level", "integer"),
        ({"data": MINIMAL["data"] | {"level": 5}}, "data.level", "less than or equal to 4"),
        (
            {"data": MINIMAL["data"] | {"order": {"order_id": "O", "paid_amount": 1.5}}},
            "data.order.paid_amount",
            "integer",
        ),
        (
            {
                "data": MINIMAL["data"]
                | {
                    "order": {
                        "order_id": "O",
                        "paid_amount": 2,
                        "items": [
                            {"line_id": "1", "quantity": 1, "paid_amount": 1},
                            {"line_id": "1", "quantity": 1, "paid_amount": 1},
                        ],
                    }
                }
            },
            "data.order.items.1.line_id",
            "twice",
        ),
    ],
)
def test_a_bad_line_names_its_number_its_field_and_what_is_wrong(changes, where, what):
    with pytest.raises(BadLine) as bad:
        read(**changes)
    assert (bad.value.number, bad.value.where) == (7, where)
    assert what in bad.value.what
    assert str(bad.value).startswith(f"line 7: {where}: ")


@pytest.mark.parametrize("text", [b"{", b"[]", b'"x"', b"{} {}", b"\xff", b'{"type": NaN}'])
def test_what_is_no_json_object_is_a_bad_line(text):
    with pytest.raises(BadLine, match="line 3: value: not "):
        read_line(3, text)
