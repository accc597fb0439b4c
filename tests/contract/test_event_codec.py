"""CloudEvents in both modes: what we write we read, and what is wrong is named (CONTRACT §1)."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.events.codec import (
    STRUCTURED_HEADERS,
    decode,
    encode_binary,
    encode_structured,
    event_from_json,
    event_to_json,
)
from amends.events.envelope import Event
from amends.events.problems import NotAnEvent

FULL = Event(
    id="0198a1b2-0000-7000-8000-000000000001",
    source="/amends/intake",
    type="amends.ticket.reopened.v1",
    subject="T-1",
    time=datetime(2026, 5, 13, 1, 20, 0, 1, tzinfo=UTC),
    partitionkey="T-1",
    tenantid="demo",
    data={"reason": "客户不满意：还没解决 🙁", "extra": [1, None, {"深": True}]},
    sequence=42,
    correlationid="c",
    causationid="k",
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    dataschema="urn:amends:schema:ticket.reopened.v1",
    extensions={"shopregion": "华东"},
)
BARE = Event(
    id="1", source="/amends/sla", type="amends.policy.published.v1", subject="tenant/demo", time=FULL.time,
    partitionkey="tenant/demo/1", tenantid="demo", data={},
)  # fmt: skip

text = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
tree = st.recursive(leaves, lambda it: st.lists(it, max_size=3) | st.dictionaries(text, it, max_size=3), max_leaves=8)
maybe = st.none() | text
OURS = {"specversion", "id", "source", "type", "subject", "time", "partitionkey", "tenantid", "sequence", "correlationid",
        "causationid", "traceparent", "dataschema", "datacontenttype", "data"}  # fmt: skip
names = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True).filter(lambda name: name not in OURS)
events = st.builds(
    Event,
    id=text,
    source=text,
    type=text,
    subject=text,
    time=st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    partitionkey=text,
    tenantid=text,
    data=st.dictionaries(text, tree, max_size=4),
    sequence=st.none() | st.integers(0, 10**19 - 1),
    correlationid=maybe,
    causationid=maybe,
    traceparent=maybe,
    dataschema=maybe,
    extensions=st.dictionaries(names, text, max_size=2),
)


@given(events)
def test_what_is_written_in_binary_mode_is_read_back(event):
    assert decode(*encode_binary(event)) == event


@given(events)
def test_what_is_written_in_structured_mode_is_read_back_with_and_without_headers(event):
    assert decode(STRUCTURED_HEADERS, encode_structured(event)) == event
    assert decode((), encode_structured(event)) == event
    assert b"\n" not in encode_structured(event)


def test_binary_headers_are_the_attributes_and_the_value_is_the_data():
    headers, value = encode_binary(FULL)
    assert dict(headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"0198a1b2-0000-7000-8000-000000000001",
        "ce_source": b"/amends/intake",
        "ce_type": b"amends.ticket.reopened.v1",
        "ce_subject": b"T-1",
        "ce_time": b"2026-05-13T01:20:00.000001Z",
        "ce_partitionkey": b"T-1",
        "ce_tenantid": b"demo",
        "ce_sequence": b"0000000000000000042",
        "ce_correlationid": b"c",
        "ce_causationid": b"k",
        "ce_traceparent": b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "ce_dataschema": b"urn:amends:schema:ticket.reopened.v1",
        "ce_shopregion": "华东".encode(),
        "content-type": b"application/json",
    }
    assert json.loads(value) == FULL.data
    assert "还没解决".encode() in value  # written as itself, not as escapes


def test_what_is_absent_has_no_header_and_no_member():
    assert {name for name, _ in encode_binary(BARE)[0]} == {
        "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_partitionkey", "ce_tenantid",
        "content-type",
    }  # fmt: skip
    assert not {"sequence", "causationid", "traceparent"} & set(event_to_json(BARE))


def test_the_key_defaults_to_the_subject_and_the_data_to_nothing():
    raw = event_to_json(FULL)
    del raw["partitionkey"], raw["data"]
    read = event_from_json(raw)
    assert (read.partitionkey, read.data) == ("T-1", {})


def test_defaults_stand_in_for_what_a_hand_written_line_leaves_out():
    line = {"type": FULL.type, "subject": "T-9", "time": "2026-05-13T09:20:00+08:00", "data": {}}
    read = event_from_json(line, {"id": "line-1", "source": "/amends/intake", "tenantid": "demo"})
    assert (read.id, read.tenantid, read.time) == ("line-1", "demo", datetime(2026, 5, 13, 1, 20, tzinfo=UTC))
    assert (
        event_from_json({**line, "tenantid": "shop"}, {"id": "1", "source": "/s", "tenantid": "demo"}).tenantid
        == "shop"
    )


def test_attributes_that_json_holds_as_booleans_and_integers_become_their_strings():
    read = event_from_json({**event_to_json(BARE), "sampled": True, "hops": 3, "sequence": 7, "causationid": None})
    assert (read.extensions, read.sequence, read.causationid) == ({"sampled": "true", "hops": "3"}, 7, None)


def test_data_as_base64_is_read():
    raw = {**event_to_json(BARE), "data_base64": "eyJyZWFzb24iOiAieCJ9"}
    del raw["data"]
    assert event_from_json(raw).data == {"reason": "x"}


def test_header_names_are_read_in_any_case_and_foreign_headers_are_left_alone():
    headers, value = encode_binary(FULL)
    shouted = [(name.upper(), content) for name, content in headers]
    assert decode([*shouted, ("x-broker", b"\xff"), ("empty", None)], value) == FULL
    assert decode(dict(headers), value) == FULL


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "time", "tenantid"])
def test_an_event_without_an_attribute_that_we_need_is_none_and_the_attribute_is_named(name):
    headers, value = encode_binary(FULL)
    with pytest.raises(NotAnEvent, match=f"{name}: missing or empty") as refusal:
        decode([it for it in headers if it[0] != f"ce_{name}"], value)
    assert refusal.value.where == name
    with pytest.raises(NotAnEvent, match=f"{name}: missing or empty"):
        event_from_json({**event_to_json(FULL), name: ""})


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"time": "soon"}, "time"),
        ({"time": "2026-05-13T01:20:00"}, "time"),
        ({"time": "9999-12-31T23:59:59-08:00"}, "time"),
        ({"sequence": "-1"}, "sequence"),
        ({"sequence": "1" * 20}, "sequence"),
        ({"sequence": "٣"}, "sequence"),
        ({"subject": {"id": 1}}, "subject"),
        ({"subject": 1.5}, "subject"),
        ({"data": [1]}, "data"),
        ({"data": "text"}, "data"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data_base64": "?"}, "data_base64"),
        ({"data_base64": 5}, "data_base64"),
        ({"data_base64": "e30", "datacontenttype": "application/json"}, "data_base64"),
    ],
)
def test_a_wrong_member_is_named(change, where):
    with pytest.raises(NotAnEvent) as refusal:
        event_from_json({**event_to_json(FULL), **change})
    assert refusal.value.where == where


@pytest.mark.parametrize("unknown", [{"shopRegion": "east"}, {"shop": {"id": 1}}, {"shops": [1]}, {"ratio": 1.5}])
def test_a_member_that_is_no_attribute_is_passed_over(unknown):
    assert event_from_json({**event_to_json(FULL), **unknown}) == FULL


@pytest.mark.parametrize(
    ("headers", "value", "where"),
    [
        ((), None, "value"),
        ((), b"", "value"),
        ((), b"[]", "value"),
        ((), b"\xff\xfe\xfd", "value"),
        ((), b"[" * 100_000, "value"),
        ((("content-type", b"text/plain"),), b"hello", "content-type"),
        ((("content-type", b"application/cloudevents-batch+json"),), b"[]", "content-type"),
        ((("content-type", b"application/cloudevents+avro"),), b"x", "content-type"),
    ],
)
def test_what_is_no_message_of_ours_is_refused(headers, value, where):
    with pytest.raises(NotAnEvent) as refusal:
        decode(headers, value)
    assert refusal.value.where == where


@pytest.mark.parametrize(
    ("value", "where"),
    [(None, "value"), (b"{", "data"), (b"[1]", "data"), (b'{"n": NaN}', "data"), (b"\xff", "data")],
)
def test_a_binary_value_that_is_no_json_object_is_refused(value, where):
    with pytest.raises(NotAnEvent) as refusal:
        decode(encode_binary(FULL)[0], value)
    assert refusal.value.where == where


def test_a_binary_message_of_another_content_type_is_refused():
    headers = [it for it in encode_binary(FULL)[0] if it[0] != "content-type"]
    with pytest.raises(NotAnEvent, match="content-type"):
        decode([*headers, ("content-type", b"application/xml")], b"<a/>")
    assert decode([*headers, ("content-type", b"application/json; charset=utf-8")], b"{}").data == {}
    assert decode(headers, b"{}").data == {}


def test_a_header_that_is_not_utf8_is_named():
    with pytest.raises(NotAnEvent, match="ce_subject: not UTF-8"):
        decode([("ce_subject", b"\xff")], b"{}")


@pytest.mark.parametrize("wrong", [float("nan"), datetime(2026, 5, 13, tzinfo=UTC), {1, 2}, "\ud800"])
def test_data_that_cannot_be_json_is_refused_when_written(wrong):
    event = Event(**{**{name: getattr(BARE, name) for name in BARE.__slots__}, "data": {"x": wrong}})
    for encode in (encode_binary, encode_structured):
        with pytest.raises(NotAnEvent, match="data: cannot be written as JSON"):
            encode(event)


def test_a_time_in_another_zone_is_written_in_utc():
    shanghai = FULL.time.astimezone(timezone(timedelta(hours=8)))
    event = Event(**{**{name: getattr(FULL, name) for name in FULL.__slots__}, "time": shanghai})
    assert encode_binary(event) == encode_binary(FULL)
