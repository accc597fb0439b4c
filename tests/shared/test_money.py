"""`amends.money` by worked examples (CONTRACT §5; RULEBOOK B, Amounts)."""

from decimal import Decimal

import pytest

from amends.events.parts import Order
from amends.money import (
    Balance,
    Refund,
    RefundRefused,
    affected_value,
    full_refund,
    largest_remainder,
    order_left,
    partial_refund,
    percentage,
    refund,
    voucher,
)


def item(line_id: str, quantity: int, paid: int, **more) -> dict:
    return {
        "line_id": line_id,
        "sku": f"SKU-{line_id}",
        "name": "茶杯",
        "quantity": quantity,
        "paid_amount": paid,
        "affected": False,
        "impairs_use": False,
        **more,
    }


def order(*items: dict, paid: int | None = None, fee: int = 0, refunded: int = 0) -> dict:
    total = sum(it["paid_amount"] for it in items) + fee if paid is None else paid
    return {
        "order_id": "O-1",
        "currency": "CNY",
        "paid_amount": total,
        "shipping_fee": fee,
        "refunded_amount": refunded,
        "items": list(items),
    }


CUPS = order(item("1", 3, 10000), item("2", 1, 5000), fee=1000)  # 160.00 with shipping


@pytest.mark.parametrize(
    ("missing", "options", "expected"),
    [
        ({"1": 1}, {}, Refund(3333, {"1": 3333})),  # 10000 / 3 = 3333.33
        ({"1": 2}, {}, Refund(6667, {"1": 6667})),  # 6666.67
        ({"1": 3}, {}, Refund(10000, {"1": 10000})),
        ({"1": 1, "2": 1}, {}, Refund(8333, {"1": 3333, "2": 5000})),
        ({"1": 1}, {"shipping": True}, Refund(4333, {"1": 3333})),
        ({}, {"shipping": True}, Refund(1000, {})),
        ({"1": 1}, {"impairs_use": True}, Refund(10000, {"1": 10000})),
        ({"1": 1, "2": 1}, {"impairs_use": True, "shipping": True}, Refund(16000, {"1": 10000, "2": 5000})),
    ],
)
def test_each_line_gets_its_share_of_what_was_paid(missing, options, expected):
    assert refund(CUPS, missing, **options) == expected
    assert refund(Order.model_validate(CUPS), missing, **options) == expected


@pytest.mark.parametrize(
    ("quantity", "paid", "missing", "share"),
    [(2, 1, 1, 1), (2, 3, 1, 2), (3, 1, 1, 0), (3, 2, 1, 1), (8, 1, 4, 1), (8, 1, 3, 0)],
)
def test_a_share_is_rounded_half_up_to_the_fen(quantity, paid, missing, share):
    assert refund(order(item("1", quantity, paid)), {"1": missing}).per_line == {"1": share}


def test_an_items_own_flag_makes_that_line_whole_and_no_other():
    kettle = order(item("1", 2, 8000, impairs_use=True), item("2", 2, 6000))
    assert refund(kettle, {"1": 1, "2": 1}) == Refund(11000, {"1": 8000, "2": 3000})


def test_a_line_gets_at_most_what_it_has_left():
    part = order(item("1", 2, 8000, refunded_amount=5000), item("2", 1, 2000), refunded=5000)
    assert refund(part, {"1": 1}) == Refund(3000, {"1": 3000})
    assert refund(part, {"1": 1}, impairs_use=True) == Refund(3000, {"1": 3000})


def test_what_is_left_of_the_order_cuts_shipping_first():
    late = order(item("1", 1, 8000), item("2", 1, 4000), fee=1000, refunded=400)
    got = refund(late, {"1": 1, "2": 1}, shipping=True)
    assert got == Refund(12600, {"1": 8000, "2": 4000}, capped=True)
    assert got.shipping == 600


def test_then_it_cuts_the_lines_in_proportion_with_the_largest_remainder():
    # 100 left for 3 x 50: 33.33 each, and the fen that is over goes to the first of three equals.
    thirds = order(item("1", 1, 50), item("2", 1, 50), item("3", 1, 50), fee=10, refunded=60)
    got = refund(thirds, {"3": 1, "2": 1, "1": 1}, shipping=True)
    assert got == Refund(100, {"1": 34, "2": 33, "3": 33}, capped=True)
    assert got.shipping == 0


def test_the_cap_is_not_mentioned_when_it_just_fits():
    assert not refund(order(item("1", 1, 8000), fee=1000, refunded=1000), {"1": 1}).capped


def test_a_share_of_nothing_is_a_refund_of_nothing():
    gift = order(item("1", 1, 5000), item("gift", 2, 0))
    assert refund(gift, {"gift": 1}) == Refund(0, {"gift": 0})
    assert refund(order(item("1", 3, 1)), {"1": 1}) == Refund(0, {"1": 0})  # a third of a fen
    assert refund(CUPS | {"shipping_fee": 0}, {}, shipping=True) == Refund(0, {})


@pytest.mark.parametrize(
    ("missing", "why"),
    [
        ({"9": 1}, "no line '9'"),
        ({"1": 1, "9": 1}, "no line '9'"),
        ({"1": 0}, "0 is not between 1 and the 3 ordered"),
        ({"1": -1}, "-1 is not between"),
        ({"1": 4}, "4 is not between 1 and the 3 ordered"),
        ({"1": 1.5}, "1.5 is not between"),
        ({"1": True}, "True is not between"),
        ({}, "no line and no shipping asked"),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_refusal_says_why(missing, why):
    with pytest.raises(RefundRefused, match=why):
        refund(CUPS, missing)
    assert issubclass(RefundRefused, ValueError)


@pytest.mark.parametrize(
    "spent",
    [
        order(item("1", 1, 8000), fee=1000, refunded=9000),
        order(item("1", 1, 8000), fee=1000, refunded=9900),  # more than was paid
        order(item("1", 1, 8000, refunded_amount=8000), item("2", 1, 1000), refunded=8000),  # of this line
    ],
)
def test_nothing_left_is_refused(spent):
    with pytest.raises(RefundRefused, match="nothing left"):
        refund(spent, {"1": 1})


def test_what_an_order_leaves_out_is_nothing_refunded_and_no_fee():
    bare = {"paid_amount": 500, "items": [{"line_id": "1", "quantity": 1, "paid_amount": 500}]}
    assert refund(bare, {"1": 1}, shipping=True) == Refund(500, {"1": 500})


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": []},
        {"paid_amount": -1, "items": []},
        {"paid_amount": 9.5, "items": []},
        {"paid_amount": 10, "items": [{"line_id": "1", "quantity": 1}]},
        order(item("1", 1, 10), item("1", 1, 10)),
    ],
)
def test_an_order_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match=r"missing|whole number|twice"):
        refund(wrong, {it["line_id"]: 1 for it in wrong["items"]}, shipping=True)


# Full refund: affected items, all of them when none is named; the fee only when every item is affected (RULEBOOK B).


def test_a_full_refund_is_the_paid_amount_of_the_affected_items():
    one = order(item("1", 3, 10000, affected=True), item("2", 1, 5000), fee=1000)
    assert full_refund(one, shipping=True) == Refund(10000, {"1": 10000})
    assert full_refund(CUPS, shipping=False) == Refund(15000, {"1": 10000, "2": 5000})


def test_the_shipping_fee_comes_back_when_every_item_is_affected():
    every = order(item("1", 3, 10000, affected=True), item("2", 1, 5000, affected=True), fee=1000)
    for whole in (every, CUPS):
        got = full_refund(whole, shipping=True)
        assert (got.amount, got.shipping) == (16000, 1000)


def test_a_full_refund_takes_what_is_left_and_is_nothing_when_nothing_is():
    assert full_refund(CUPS | {"refunded_amount": 3000}, shipping=True).amount == 13000
    assert full_refund(CUPS | {"refunded_amount": 16000}, shipping=True).amount == 0


def test_our_own_balances_win_over_what_the_order_says():
    known = Balance(order=7000, lines={"1": 6000, "2": 5000})
    got = full_refund(CUPS, shipping=True, balance=known)
    # 6000 + 5000 owed, 7000 left: 3818.18 and 3181.82
    assert got == Refund(7000, {"1": 3818, "2": 3182}, capped=True)
    assert full_refund(CUPS, shipping=True, balance=Balance(0, {})).amount == 0
    assert order_left(CUPS, Balance(-5, {})) == 0


# Partial refund, rule B4.


def test_b4_pays_in_proportion_to_the_missing_goods():
    short = order(item("1", 3, 10000, affected=True, missing_quantity=2), item("2", 1, 5000))
    assert partial_refund(short) == Refund(6667, {"1": 6667})


def test_b4_pays_the_whole_line_when_the_missing_part_impairs_its_use():
    useless = order(item("1", 3, 10000, affected=True, missing_quantity=1, impairs_use=True))
    assert partial_refund(useless) == Refund(10000, {"1": 10000})


def test_b4_without_a_missing_quantity_takes_every_affected_line_as_wholly_missing():
    assert partial_refund(order(item("1", 3, 10000, affected=True), item("2", 1, 5000))) == Refund(10000, {"1": 10000})
    assert partial_refund(CUPS) == Refund(15000, {"1": 10000, "2": 5000})


def test_b4_never_pays_more_than_was_ordered_or_is_left():
    odd = order(item("1", 2, 8000, affected=True, missing_quantity=5, refunded_amount=1000), refunded=1000)
    assert partial_refund(odd) == Refund(7000, {"1": 7000})
    assert partial_refund(odd, balance=Balance(2000, {"1": 8000})) == Refund(2000, {"1": 2000}, capped=True)


# Cash vouchers: a percentage held between two bounds; the numbers are the default policy's, handed in.


@pytest.mark.parametrize(
    ("paid", "percent", "amount"),
    [
        (0, 2, 500),
        (25000, 2, 500),  # exactly the least
        (25025, 2, 501),  # 500.5 goes up
        (25024, 2, 500),  # 500.48
        (50000, 5, 2500),
        (100000, 10, 10000),  # exactly the most
        (990000, 10, 10000),
        (30000, Decimal("2.5"), 750),
    ],
)
def test_a_voucher_is_a_percentage_between_its_bounds(paid, percent, amount):
    assert voucher(paid, percent, amount_min=500, amount_max=10000) == amount


def test_a_percentage_is_exact_for_amounts_beyond_what_a_float_holds():
    assert percentage(10**18 + 50, Decimal("0.01")) == 10**14  # 100000000000000.005
    assert percentage(10**18 + 5000, Decimal("0.01")) == 10**14 + 1  # 100000000000000.5


def test_the_affected_value_is_that_of_all_items_when_none_is_named():
    assert affected_value(CUPS) == 15000
    assert affected_value(order(item("1", 3, 10000, affected=True), item("2", 1, 5000))) == 10000


def test_the_largest_remainders_get_what_is_over():
    assert largest_remainder(10, {"a": 1, "b": 1, "c": 1}) == {"a": 4, "b": 3, "c": 3}
    assert largest_remainder(10, {"a": 5, "b": 3, "c": 3}) == {"a": 4, "b": 3, "c": 3}  # 4.55, 2.73, 2.73
    assert largest_remainder(0, {"a": 0}) == {"a": 0}


@pytest.mark.parametrize(("total", "weights"), [(1, {"a": 0}), (1, {}), (-1, {"a": 1}), (1, {"a": -1, "b": 2})])
def test_what_cannot_be_divided_is_refused(total, weights):
    with pytest.raises(ValueError, match=r"negative|divided"):
        largest_remainder(total, weights)
