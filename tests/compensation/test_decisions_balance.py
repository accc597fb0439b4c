"""What is left of an order: paid − external − ours (DESIGN 13)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.compensation.facts import AT
from tests.compensation.story import item, order

from amends.events.parts import Order
from compensation_svc.decisions.balance import Movements, Refunded, Statement, left_of

ORDER = Order.model_validate(order(item("1", 20000), item("2", 9000), shipping_fee=1000))  # paid 30000


def at(hours: int):
    return AT + timedelta(hours=hours)


def test_untouched_everything_is_left():
    left = left_of(ORDER, Movements())
    assert (left.order, dict(left.lines)) == (30000, {"1": 20000, "2": 9000})


def test_what_was_refunded_before_the_ticket_came_is_external():
    left = left_of(ORDER, Movements(statements=[Statement(at(0), 5000, {"1": 4000})]))
    assert (left.order, dict(left.lines)) == (25000, {"1": 16000, "2": 9000})


def test_of_several_tickets_words_the_most_counts_not_the_sum():
    left = left_of(ORDER, Movements(statements=[Statement(at(0), 5000), Statement(at(1), 7000)]))
    assert left.order == 23000


def test_our_own_refund_told_again_by_a_later_ticket_counts_once():
    # We issued 6000 at hour 1; a ticket opened at hour 2 says 6000 were refunded: that is ours, nothing external.
    told_again = [Statement(at(2), 6000, {"1": 6000})]
    left = left_of(ORDER, Movements(statements=told_again, ours=[Refunded(at(1), 6000, {"1": 6000})]))
    assert (left.order, left.lines["1"]) == (24000, 14000)


def test_our_refund_after_the_ticket_was_opened_comes_on_top_of_its_word():
    left = left_of(ORDER, Movements(statements=[Statement(at(0), 6000)], ours=[Refunded(at(1), 6000)]))
    assert left.order == 18000


def test_a_promise_counts_before_it_is_paid():
    left = left_of(ORDER, Movements(ours=[Refunded(None, 6000, {"1": 6000})]))
    assert (left.order, left.lines["1"]) == (24000, 14000)


def test_what_people_executed_lowers_what_is_left_once():
    # 5000 executed at hour 1; a second ticket, opened at hour 3, was told of 5000: the same money.
    executed = [Refunded(at(1), 5000)]
    assert left_of(ORDER, Movements(executed=executed)).order == 25000
    assert left_of(ORDER, Movements(executed=executed, statements=[Statement(at(3), 5000)])).order == 25000


def test_more_refunded_than_paid_leaves_nothing_not_less():
    left = left_of(ORDER, Movements(statements=[Statement(at(0), 99000, {"2": 99000})]))
    assert (left.order, left.lines["2"]) == (0, 0)


amounts = st.integers(0, 40000)


@given(
    said=st.lists(st.tuples(st.integers(0, 9), amounts), max_size=4),
    ours=st.lists(st.tuples(st.none() | st.integers(0, 9), amounts), max_size=4),
    more=amounts,
)
def test_another_promise_never_leaves_more(said, ours, more):
    statements = [Statement(at(hour), amount, {"1": amount}) for hour, amount in said]
    before = [Refunded(None if hour is None else at(hour), amount, {"1": amount}) for hour, amount in ours]
    left = left_of(ORDER, Movements(statements=statements, ours=before))
    after = left_of(ORDER, Movements(statements=statements, ours=[*before, Refunded(None, more, {"1": more})]))
    assert after.order == max(0, left.order - more) or left.order == 0
    assert 0 <= after.lines["1"] <= left.lines["1"] <= 20000
