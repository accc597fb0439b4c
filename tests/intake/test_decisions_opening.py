"""Opening: what is refused, all at once (issue 4, Bad input), and what a ticket becomes (RULEBOOK C, D, N2)."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.intake.bodies import order, ticket
from tests.intake.cases import LIMITS, NOW, POLICY, a_ticket, opening_event

from amends.instants import format_instant
from intake_svc.decisions.numbers import Serial, category_of, ticket_no
from intake_svc.decisions.opening import looks_back, read_opening
from intake_svc.decisions.refusals import Refused


def refused(**changes):
    with pytest.raises(Refused) as error:
        read_opening(ticket(**changes), POLICY, LIMITS, NOW)
    return {problem.field: problem.problem for problem in error.value.problems}


def item(**changes):
    return {"line_id": "1", "quantity": 2, "paid_amount": 1_000} | changes


def ago(**delta):
    return format_instant(NOW - timedelta(**delta))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"ticket_no": "x"}, "ticket_no"),
        ({"policy_version": 1}, "policy_version"),
        ({"channel": "fax"}, "channel"),
        ({"channel": 7}, "channel"),
        ({"kind": "joke"}, "kind"),
        ({"case_type": "no_such_case"}, "case_type"),
        ({"complaint_code": 999}, "complaint_code"),
        ({"complaint_code": "6000"}, "complaint_code"),
        ({"complaint_code": "1" * 5_000}, "complaint_code"),
        ({"level": 5}, "level"),
        ({"level": 0}, "level"),
        ({"level": True}, "level"),
        ({"severity": "huge"}, "severity"),
        ({"tags": "safety"}, "tags"),
        ({"customer": {"customer_id": "c", "phone": "1"}}, "customer.phone"),
        ({"customer": {"customer_id": "c", "contact_ref": "mine"}}, "customer.contact_ref"),
        ({"customer": {"name": "x"}}, "customer.customer_id"),
        ({"customer": {"customer_id": "c", "contacts": {"phone": 138}}}, "customer.contacts.phone"),
        ({"accepted_at": "2026-05-13T10:00:00"}, "accepted_at"),
        ({"accepted_at": 1747101600}, "accepted_at"),
        ({"accepted_at": ago(seconds=-6)}, "accepted_at"),
        ({"accepted_at": ago(days=30, seconds=1)}, "accepted_at"),
        ({"accepted_at": ago(days=1_097), "imported": True}, "accepted_at"),
        ({"occurred_at": ago(hours=-1)}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"agreed_reply_at": ago()}, "agreed_reply_at"),
        ({"agreed_reply_at": ago(days=-367)}, "agreed_reply_at"),
        ({"order": order(paid_amount=-1)}, "order.paid_amount"),
        ({"order": order(paid_amount=1_000_000_001)}, "order.paid_amount"),
        ({"order": order(paid_amount=15_999)}, "order.paid_amount"),
        ({"order": order(shipping_fee=1_001)}, "order.paid_amount"),
        ({"order": order(shipping_fee=-1)}, "order.shipping_fee"),
        ({"order": order(refunded_amount=16_001)}, "order.refunded_amount"),
        ({"order": order(paid_amount=160.5)}, "order.paid_amount"),
        ({"order": order(currency="yuan")}, "order.currency"),
        ({"order": order(discount=5)}, "order.discount"),
        ({"order": order(items=[item(quantity=0)])}, "order.items[0].quantity"),
        ({"order": order(items=[item(quantity=1_000_001)])}, "order.items[0].quantity"),
        ({"order": order(items=[item(missing_quantity=3)])}, "order.items[0].missing_quantity"),
        ({"order": order(items=[item(paid_amount=-5)])}, "order.items[0].paid_amount"),
        ({"order": order(items=[item(refunded_amount=1_001)])}, "order.items[0].refunded_amount"),
        ({"order": order(items=[item(), item(line_id="2"), item()])}, "order.items[2].line_id"),
        ({"order": order(items=[item(line_id=str(n), paid_amount=1) for n in range(501)])}, "order.items"),
        ({"description": "x" * 20_001}, "description"),
        ({"description": "a\x00b"}, "description"),
        ({"description": "\ud800"}, "description"),
        ({"merchant_id": "m" * 513}, "merchant_id"),
        ({"tags": ["x" * 513]}, "tags[0]"),
        ({"customer": {"customer_id": "c", "contacts": {"\x00": "x"}}}, "customer.contacts.(name)"),
        ({"external_id": ""}, "external_id"),
    ],
)
def test_bad_input_is_refused_with_its_field_named(changes, field):
    assert field in refused(**changes)


def test_everything_that_is_wrong_is_said_at_once_and_once_for_each_field():
    found = refused(
        channel="fax",
        colour="red",
        accepted_at=ago(hours=-2),
        complaint_code=1,
        order=order(paid_amount=1_000, items=[item(paid_amount=900), item(missing_quantity=9)]),
        customer={"customer_id": 7},
    )
    assert set(found) == {
        "channel",
        "colour",
        "accepted_at",
        "complaint_code",
        "order.paid_amount",
        "order.items[1].line_id",
        "order.items[1].missing_quantity",
        "customer.customer_id",
    }


@given(
    st.lists(st.integers(0, 10_000), max_size=6), st.integers(0, 2_000), st.integers(0, 60_000), st.integers(0, 60_000)
)
def test_an_order_is_taken_exactly_when_items_and_shipping_are_within_what_was_paid(items, shipping, paid, refunded):
    lines = [item(line_id=str(n), paid_amount=amount) for n, amount in enumerate(items)]
    body = order(items=lines, shipping_fee=shipping, paid_amount=paid, refunded_amount=refunded)
    adds_up = sum(items) + shipping <= paid and refunded <= paid
    if adds_up:
        assert read_opening(ticket(order=body), POLICY, LIMITS, NOW).order is not None
    else:
        assert set(refused(order=body)) <= {"order.paid_amount", "order.refunded_amount"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["order", "customer", "tags", "accepted_at", "level", "complaint_code", "imported"]), JSON)
def test_whatever_stands_in_a_field_it_is_taken_or_refused_never_a_crash(name, value):
    with suppress(Refused):
        read_opening(ticket() | {name: value}, POLICY, LIMITS, NOW)


@pytest.mark.parametrize("channel", ["phone", "chat", "email", "app", "web", "social"])
@pytest.mark.parametrize("kind", ["consultation", "after_sales", "complaint", "suggestion"])
def test_every_channel_takes_every_kind_into_one_system(channel, kind):  # A10, A12, E13
    opened = opening_event(channel=channel, kind=kind)
    assert (opened.channel, opened.kind) == (channel, kind)


def test_a_minimal_request_says_channel_kind_and_case_type():
    opened = opening_event(customer=None, order=None, description=None)
    assert opened.to_data() == {
        "ticket_no": "demo-1",
        "policy_version": 3,
        "channel": "chat",
        "kind": "after_sales",
        "case_type": "return_refund",
        "level": 3,
        "tags": [],
        "evidence": [],
    }


def test_no_personal_data_stands_in_the_event():
    written = str(opening_event(demand="退款").to_data())
    for secret in ("李雷", "13800000000", "壶盖碎了", "退款"):
        assert secret not in written
    assert opening_event().customer.contact_channels == ("phone",)


def test_a_time_slightly_ahead_is_the_clocks_fault_and_becomes_the_events_own():
    ticket = a_ticket(accepted_at=ago(seconds=-4))
    assert ticket.fields["accepted_at"] == format_instant(NOW)


@pytest.mark.parametrize("age", [{"days": 30}, {"seconds": 0}])
def test_accepted_at_may_lie_back_as_far_as_the_setting(age):
    assert opening_event(accepted_at=ago(**age)).accepted_at == NOW - timedelta(**age)


def test_an_imported_ticket_may_be_older_and_its_promises_past():
    assert opening_event(imported=True, accepted_at=ago(days=400), agreed_reply_at=ago(days=399)).imported is True


CHEAP = {"order": order(paid_amount=10_000, shipping_fee=0, items=[item(paid_amount=10_000)])}
DEAR = {"order": order(paid_amount=500_000, shipping_fee=0, items=[item(paid_amount=500_000)])}


@pytest.mark.parametrize(
    ("changes", "repeated", "level", "tags"),
    [
        ({"kind": "complaint", **CHEAP}, False, 3, ()),
        ({"kind": "suggestion", **CHEAP}, False, 4, ()),
        ({"kind": "complaint", "tags": ["safety"], **CHEAP}, False, 1, ("safety",)),
        ({"kind": "complaint", "tags": ["injury"], **DEAR}, False, 1, ("injury", "high_value")),
        ({"kind": "complaint", **DEAR}, False, 2, ("high_value",)),
        ({"kind": "complaint", **CHEAP}, True, 2, ("repeat",)),
        ({"kind": "complaint", **DEAR}, True, 1, ("repeat", "high_value")),
        ({"kind": "complaint", "level": 4, **DEAR}, True, 4, ("repeat", "high_value")),
    ],
)
def test_the_default_level_follows_tags_kind_value_and_repetition(changes, repeated, level, tags):  # C1, C2, C3, C4
    opened = opening_event(repeated=repeated, **changes)
    assert (opened.level, opened.tags) == (level, tags)


def test_only_a_complaint_looks_back_for_an_earlier_one():
    assert looks_back(POLICY, "complaint") == timedelta(days=30)
    assert looks_back(POLICY, "after_sales") is None


@pytest.mark.parametrize(
    ("case_type", "code", "category"),
    [
        ("return_refund", None, "B1"),
        ("other", None, "B11"),
        ("complaint_quality", 1_234, "D1"),
        ("complaint_logistics", 2_999, "D2"),
        ("other", 3_001, "D3"),
        ("other", 4_500, "D4"),
        ("other", 5_001, "D5"),
    ],
)
def test_a_number_is_tenant_date_category_and_serial(case_type, code, category):  # N2, D1, D2, D3, D4, D5
    found = category_of(POLICY, case_type, code)
    assert ticket_no(Serial("demo", date(2026, 5, 13), 42), found) == f"demo-20260513-{category}-000042"
