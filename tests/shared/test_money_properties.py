"""What holds of every refund, whatever the order (CONTRACT §5; RULEBOOK B, Amounts)."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from amends.events.parts import Order
from amends.money import Refund, RefundRefused, full_refund, largest_remainder, partial_refund, refund

amounts = st.integers(0, 10**7) | st.integers(0, 20)


@st.composite
def orders(draw) -> dict:
    items = []
    for n in range(draw(st.integers(1, 5))):
        paid, quantity = draw(amounts), draw(st.integers(1, 9))
        items.append(
            {
                "line_id": str(n),
                "sku": "S",
                "name": "N",
                "quantity": quantity,
                "paid_amount": paid,
                "affected": draw(st.booleans()),
                "impairs_use": draw(st.booleans()),
                "missing_quantity": draw(st.none() | st.integers(0, quantity)),
                "refunded_amount": draw(st.integers(0, paid)),
            }
        )
    fee = draw(amounts)
    paid = sum(item["paid_amount"] for item in items) + fee
    refunded = draw(st.integers(0, paid + 5) | st.just(0))
    return {"order_id": "O", "paid_amount": paid, "shipping_fee": fee, "refunded_amount": refunded, "items": items}


@st.composite
def asks(draw) -> tuple[dict, dict[str, int], dict[str, bool]]:
    order = draw(orders())
    chosen = draw(st.lists(st.sampled_from(order["items"]), unique_by=lambda item: item["line_id"]))
    missing = {item["line_id"]: draw(st.integers(1, item["quantity"])) for item in chosen}
    options = {"shipping": draw(st.booleans()) or not missing, "impairs_use": draw(st.booleans())}
    return order, missing, options


def attempt(order, missing, options) -> Refund | None:
    try:
        return refund(order, missing, **options)
    except RefundRefused as refusal:
        if "nothing left" in str(refusal):
            return None
        raise  # whatever else is refused was not asked here


def check_bounds(order: dict, got: Refund, fee: int) -> None:
    left = {item["line_id"]: item["paid_amount"] - item["refunded_amount"] for item in order["items"]}
    assert 0 <= got.amount <= max(order["paid_amount"] - order["refunded_amount"], 0)
    assert all(0 <= amount <= left[line_id] for line_id, amount in got.per_line.items())
    assert got.amount == sum(got.per_line.values()) + got.shipping
    assert 0 <= got.shipping <= fee


@given(asks())
def test_a_refund_is_never_negative_never_above_what_is_left_and_its_sum_is_exact(ask):
    order, missing, options = ask
    got = attempt(order, missing, options)
    if got is not None:
        assert set(got.per_line) == set(missing)
        check_bounds(order, got, order["shipping_fee"] if options["shipping"] else 0)


@given(asks(), st.randoms())
def test_neither_the_order_of_the_lines_nor_of_what_is_asked_matters(ask, random):
    order, missing, options = ask
    shuffled, asked = list(order["items"]), list(missing.items())
    random.shuffle(shuffled)
    random.shuffle(asked)
    assert attempt({**order, "items": shuffled}, dict(asked), options) == attempt(order, missing, options)


@given(asks())
def test_a_model_and_its_json_get_the_same(ask):
    order, missing, options = ask
    assert attempt(Order.model_validate(order), missing, options) == attempt(order, missing, options)


@given(asks())
def test_an_uncapped_share_is_within_half_a_fen_of_the_exact_one(ask):
    order, missing, options = ask
    fresh = {**order, "refunded_amount": 0, "items": [{**item, "refunded_amount": 0} for item in order["items"]]}
    got = refund(fresh, missing, **options)
    assert not got.capped
    for item in fresh["items"]:
        asked = missing.get(item["line_id"])
        if asked is not None:
            whole = options["impairs_use"] or item["impairs_use"]
            exact = Fraction(item["paid_amount"]) if whole else Fraction(item["paid_amount"] * asked, item["quantity"])
            assert -Fraction(1, 2) < got.per_line[item["line_id"]] - exact <= Fraction(1, 2)


@given(asks())
def test_a_cut_refund_takes_all_that_is_left_and_no_shipping_while_lines_are_short(ask):
    order, missing, options = ask
    got = attempt(order, missing, options)
    if got is not None and got.capped:
        assert got.amount == order["paid_amount"] - order["refunded_amount"]
        whole = attempt({**order, "refunded_amount": 0}, missing, options)
        assert whole is not None
        assert got.shipping == 0 or got.per_line == whole.per_line


@given(asks())
def test_earlier_refunds_only_lower_a_refund(ask):
    order, missing, options = ask
    got, fresh = attempt(order, missing, options), attempt({**order, "refunded_amount": 0}, missing, options)
    assert (got.amount if got else 0) <= (fresh.amount if fresh else 0)


@given(orders(), st.booleans())
def test_full_and_partial_refunds_stay_within_what_is_left_too(order, shipping):
    whole, part = full_refund(order, shipping=shipping), partial_refund(order)
    check_bounds(order, whole, order["shipping_fee"] if shipping else 0)
    check_bounds(order, part, 0)


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 10**6), min_size=1).filter(lambda it: sum(it.values()) > 0),
    st.data(),
)
def test_the_largest_remainder_is_exact_proportional_and_within_the_weights(weights, data):
    whole = sum(weights.values())
    total = data.draw(st.integers(0, whole))
    parts = largest_remainder(total, weights)
    assert sum(parts.values()) == total
    for name, weight in weights.items():
        assert 0 <= parts[name] <= weight
        assert abs(parts[name] - Fraction(total * weight, whole)) < 1
