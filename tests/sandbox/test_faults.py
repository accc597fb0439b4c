import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from amends_sandbox.faults import Fault, Tally, canonical_endpoint, count_call


def hits_of(calls: int, *faults: Fault) -> list[str | None]:
    tallies = [Tally(fault) for fault in faults]
    hit: list[str | None] = []
    for _ in range(calls):
        tallies, kind = count_call(tallies)
        hit.append(kind)
    return hit


def test_a_tenth_of_calls_is_every_tenth_call():
    hit = hits_of(30, Fault(endpoint="refunds", kind="timeout_after_success", rate=0.1))
    assert [n for n, kind in enumerate(hit, start=1) if kind] == [10, 20, 30]


def test_without_a_rate_every_call_is_hit_and_a_count_ends_it():
    assert hits_of(4, Fault(endpoint="refunds", kind="error", count=2)) == ["error", "error", None, None]


def test_a_rate_of_zero_hits_nothing():
    assert hits_of(50, Fault(endpoint="refunds", kind="error", rate=0)) == [None] * 50


def test_a_hit_that_another_fault_took_falls_on_the_next_call():
    both = (
        Fault(endpoint="refunds", kind="error", rate=0.5),
        Fault(endpoint="refunds", kind="reset", rate=0.5),
    )
    assert hits_of(4, *both) == [None, "error", "reset", "error"]


@given(
    st.integers(0, 100).map(lambda percent: percent / 100),
    st.integers(0, 300),
    st.none() | st.integers(0, 20),
)
def test_exactly_the_asked_part_of_calls_is_hit(rate: float, calls: int, count: int | None):
    hit = hits_of(calls, Fault(endpoint="refunds", kind="error", rate=rate, count=count))
    # In whole hundredths, so that the expectation has no rounding of its own.
    owed = calls * round(rate * 100) // 100
    assert sum(kind is not None for kind in hit) == (owed if count is None else min(owed, count))


@pytest.mark.parametrize("name", ["refunds", "/refunds", "POST /refunds", "post refunds", "/v1/refunds", " refunds "])
def test_an_endpoint_is_known_by_its_path(name: str):
    assert canonical_endpoint(name) == "POST /refunds"


def test_a_question_is_named_with_its_method():
    assert canonical_endpoint("GET /vouchers") == "GET /vouchers"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"endpoint": "orders", "kind": "error"}, "endpoint"),
        ({"endpoint": "refunds", "kind": "melt"}, "kind"),
        ({"endpoint": "refunds", "kind": "error", "rate": 1.1}, "rate"),
        ({"endpoint": "refunds", "kind": "error", "rate": -0.1}, "rate"),
        ({"endpoint": "refunds", "kind": "error", "count": -1}, "count"),
        ({"endpoint": "refunds", "kind": "error", "delay": 3}, "delay"),
        ({"endpoint": "messages", "kind": "pending"}, "knows no pending"),
        ({"endpoint": "GET /refunds", "kind": "timeout_after_success"}, "knows no timeout_after_success"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_by_name(wrong: dict[str, object], field: str):
    with pytest.raises(ValidationError, match=field):
        Fault.model_validate(wrong)
