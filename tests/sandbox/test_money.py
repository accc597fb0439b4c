import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends_sandbox.money import Balance, Movement, decide_refund, decide_voucher, sum_up

CNY_300_LEFT = Balance("CNY", paid_amount=100_000, refunded_amount=50_000, issued_amount=20_000)


@pytest.mark.parametrize(
    ("amount", "status"),
    [(1, "succeeded"), (29_999, "succeeded"), (30_000, "succeeded"), (30_001, "refused"), (100_000, "refused")],
)
def test_a_refund_beyond_what_is_left_of_the_order_is_refused(amount: int, status: str):
    # left = 1,000 paid - 500 by others - 200 by us = CNY 300
    assert decide_refund(amount=amount, currency="CNY", balance=CNY_300_LEFT, wish=None).status == status


def test_a_refund_of_an_unknown_order_is_refused_with_the_reason():
    decision = decide_refund(amount=1, currency="CNY", balance=None, wish=None)
    assert decision == ("refused", "the order is not known here")


def test_a_refund_in_another_currency_is_refused():
    decision = decide_refund(amount=1, currency="USD", balance=CNY_300_LEFT, wish=None)
    assert decision == ("refused", "the order was paid in CNY, not USD")


@pytest.mark.parametrize(("wish", "status"), [(None, "succeeded"), ("pending", "pending"), ("reject", "refused")])
def test_a_fault_may_refuse_or_delay_what_would_succeed(wish, status: str):
    assert decide_voucher(wish=wish).status == status
    assert decide_refund(amount=1, currency="CNY", balance=CNY_300_LEFT, wish=wish).status == status


def test_no_fault_turns_a_refusal_into_money():
    assert decide_refund(amount=30_001, currency="CNY", balance=CNY_300_LEFT, wish="pending").status == "refused"


@given(st.lists(st.integers(1, 10_000)), st.integers(0, 50_000), st.integers(0, 50_000))
def test_refunds_one_after_another_never_exceed_the_order(amounts: list[int], paid: int, refunded: int):
    issued = 0
    for amount in amounts:
        balance = Balance("CNY", paid, refunded, issued)
        if decide_refund(amount=amount, currency="CNY", balance=balance, wish=None).status == "succeeded":
            issued += amount
    assert issued <= max(0, paid - refunded)


def test_the_ledger_is_summed_per_currency():
    sums = sum_up(
        [Movement("refund", "USD", 7), Movement("voucher", "CNY", 500), Movement("refund", "CNY", 300)],
    )
    assert list(sums) == ["CNY", "USD"]
    assert (sums["CNY"].refunds, sums["CNY"].vouchers, sums["CNY"].total, sums["CNY"].count) == (300, 500, 800, 2)
    assert (sums["USD"].refunds, sums["USD"].vouchers, sums["USD"].total, sums["USD"].count) == (7, 0, 7, 1)
