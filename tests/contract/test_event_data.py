"""How event data is read and written (CONTRACT §1, §2)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from amends.events.contact import ContactSurveyAnswered
from amends.events.envelope import Event
from amends.events.problems import NotAnEvent
from amends.events.registry import UnknownData, payload
from amends.events.sla import SlaClockMoved, SlaDeadlineBreached
from amends.events.ticket import TicketContacted, TicketOpened, TicketResolved
from amends.events.watermark import WatermarkAdvanced

NINE = datetime(2026, 5, 13, 1, 0, tzinfo=UTC)
MINIMAL = {"channel": "phone", "kind": "after_sales", "case_type": "short_shipment"}
ITEM = {"line_id": "1", "sku": "S", "name": "茶杯", "quantity": 2, "paid_amount": 9900, "affected": True}
ORDER = {"order_id": "O", "paid_amount": 10900, "items": [ITEM]}


def event(wire_type: str, data: dict) -> Event:
    return Event(
        id="e-1", source="/amends/intake", type=wire_type, subject="T", time=NINE, partitionkey="T",
        tenantid="demo", data=data,
    )  # fmt: skip


def test_a_minimal_opened_needs_channel_kind_and_case_type_only():
    opened = TicketOpened.model_validate(MINIMAL)
    assert opened.to_data() == {**MINIMAL, "tags": [], "evidence": []}


@pytest.mark.parametrize("missing", MINIMAL)
def test_opened_without_one_of_them_is_refused(missing):
    with pytest.raises(ValidationError, match=missing):
        TicketOpened.model_validate({name: value for name, value in MINIMAL.items() if name != missing})


def test_what_an_order_leaves_out_is_zero_false_and_cny():
    order = TicketOpened.model_validate({**MINIMAL, "order": ORDER}).order
    assert order is not None
    assert (order.currency, order.shipping_fee, order.refunded_amount) == ("CNY", 0, 0)
    assert (order.items[0].impairs_use, order.items[0].refunded_amount, order.items[0].missing_quantity) == (
        False,
        0,
        None,
    )


def test_what_is_none_is_absent_on_the_wire_and_what_is_false_or_zero_stays():
    written = TicketOpened.model_validate({**MINIMAL, "order": ORDER}).to_data()
    assert "level" not in written
    assert "missing_quantity" not in written["order"]["items"][0]
    assert written["order"]["items"][0]["impairs_use"] is False
    assert written["order"]["shipping_fee"] == 0


def test_accepted_is_the_recorded_time_by_default_and_at_most_that():
    opened = TicketOpened.model_validate(MINIMAL)
    assert opened.accepted(NINE) == NINE
    early = NINE - timedelta(hours=1)
    assert opened.model_copy(update={"accepted_at": early}).accepted(NINE) == early
    assert opened.model_copy(update={"accepted_at": NINE + timedelta(hours=1)}).accepted(NINE) == NINE


def test_unknown_fields_are_ignored_at_every_depth():
    data = {**MINIMAL, "mood": "calm", "order": {**ORDER, "gift": True, "items": [{**ITEM, "colour": "red"}]}}
    assert TicketOpened.model_validate(data) == TicketOpened.model_validate({**MINIMAL, "order": ORDER})


def test_an_unknown_word_of_an_enumeration_is_read_and_written_as_it_is():
    assert TicketResolved.model_validate({"outcome": "settled_in_court"}).to_data() == {"outcome": "settled_in_court"}
    assert TicketOpened.model_validate({**MINIMAL, "channel": "hologram"}).channel == "hologram"


def test_a_clients_unknown_fields_and_words_are_refused_all_at_once():
    with pytest.raises(ValidationError) as refusal:
        TicketOpened.from_client({**MINIMAL, "channel": "fax", "mood": "calm", "order": {**ORDER, "gift": True}})
    assert {error["loc"] for error in refusal.value.errors()} == {("channel",), ("mood",), ("order", "gift")}
    assert TicketOpened.from_client(MINIMAL) == TicketOpened.model_validate(MINIMAL)


@pytest.mark.parametrize(
    ("field", "value"),
    [("paid_amount", 1.5), ("paid_amount", "10900"), ("paid_amount", True), ("paid_amount", -1), ("currency", "元")],
)
def test_money_is_a_whole_number_of_minor_units_and_never_negative(field, value):
    with pytest.raises(ValidationError, match=field):
        TicketOpened.model_validate({**MINIMAL, "order": {**ORDER, field: value}})


@pytest.mark.parametrize("code", [1001, "1001"])
def test_a_complaint_code_is_a_number_and_read_from_digits_too(code):
    assert TicketOpened.model_validate({**MINIMAL, "complaint_code": code}).complaint_code == 1001


def test_contacted_is_by_an_agent_unless_it_says_robot():
    assert TicketContacted.model_validate({"about": "progress", "channel": "phone"}).by == "agent"


def test_times_are_written_in_utc_with_microseconds_whatever_zone_they_came_in():
    shanghai = NINE.astimezone(timezone(timedelta(hours=8)))
    assert TicketOpened.model_validate({**MINIMAL, "accepted_at": shanghai}).to_data()["accepted_at"] == (
        "2026-05-13T01:00:00.000000Z"
    )
    read = TicketOpened.model_validate({**MINIMAL, "accepted_at": "2026-05-13T09:00:00+08:00"})
    assert read.accepted_at == NINE


@pytest.mark.parametrize(
    "time",
    ["2026-05-13T09:00:00", "yesterday", 1778634000, "9999-12-31T23:59:59-08:00", datetime(2026, 5, 13)],  # noqa: DTZ001
)
def test_a_time_without_zone_or_that_is_no_time_is_refused(time):
    with pytest.raises(ValidationError, match="accepted_at"):
        TicketOpened.model_validate({**MINIMAL, "accepted_at": time})


def test_clock_moved_says_from_on_the_wire():
    moved = SlaClockMoved(clock="dept_reply", run=1, moved_from=NINE, due_at=NINE, reason="agreed")
    assert moved.to_data()["from"] == "2026-05-13T01:00:00.000000Z"
    assert SlaClockMoved.model_validate(moved.to_data()) == moved


def test_end_offsets_are_numbers_in_python_and_strings_in_json():
    advanced = WatermarkAdvanced(topic="amends.ticket.v1", up_to=NINE, end_offsets={0: 7, 1: 0})
    assert advanced.to_data()["end_offsets"] == {"0": 7, "1": 0}
    assert WatermarkAdvanced.model_validate(advanced.to_data()) == advanced


@pytest.mark.parametrize("rating", [0, 6, "5", 4.5])
def test_a_rating_is_one_to_five(rating):
    with pytest.raises(ValidationError, match="rating"):
        ContactSurveyAnswered.model_validate({"rating": rating})


def test_the_payload_of_a_known_type_is_its_model():
    assert payload(event("amends.ticket.opened.v1", MINIMAL)) == TicketOpened.model_validate(MINIMAL)


def test_the_payload_of_an_unknown_type_carries_what_came():
    data = {"说明": "以后再看", "n": None}
    unknown = payload(event("amends.ticket.sung_to.v1", data))
    assert isinstance(unknown, UnknownData)
    assert unknown.to_data() == data


def test_data_that_does_not_fit_its_type_is_no_event_and_the_field_is_named():
    with pytest.raises(
        NotAnEvent, match=r"data\.order\.items\.0\.quantity: .*amends\.ticket\.opened\.v1, e-1"
    ) as refusal:
        payload(event("amends.ticket.opened.v1", {**MINIMAL, "order": {**ORDER, "items": [{**ITEM, "quantity": 0}]}}))
    assert refusal.value.where == "data.order.items.0.quantity"


def test_a_breach_outside_an_outage_says_nothing_of_outages():
    breach = SlaDeadlineBreached(clock="dept_reply", run=1, step=1, rule="B1", due_at=NINE, as_of_sequence=2)
    assert "in_outage" not in breach.to_data()
