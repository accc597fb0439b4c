"""B3: the hold, and what ends it (CONTRACT §3, `refund_execute`)."""

import pytest
from tests.compensation.story import Story

from compensation_svc.decisions.hold import Hold, hold_after


def after(*facts: tuple[str, dict]) -> Hold:
    told = Story()
    for what, data in facts:
        told.tell(what, **data)
    return hold_after(told.events)


BACK = ("goods_returned", {})
DONE = ("solution_executed", {"remedy": {"type": "exchange"}})


def resolved(outcome: str) -> tuple[str, dict]:
    return "resolved", {"outcome": outcome}


def test_b3_a_hold_waits_while_nothing_happens():
    assert after(("customer_asked", {}), ("closed", {})) is Hold.WAITS


def test_b3_a_hold_is_due_when_the_goods_are_back():
    assert after(BACK) is Hold.DUE


@pytest.mark.parametrize("outcome", ["resolved", "partly", "unresolved"])
def test_b3_a_hold_outlives_resolved(outcome):
    assert after(resolved(outcome)) is Hold.WAITS
    assert after(resolved(outcome), BACK) is Hold.DUE


def test_b3_a_hold_ends_with_a_solution_executed_or_the_request_withdrawn():
    assert after(DONE, BACK) is Hold.EXECUTED
    assert after(resolved("withdrawn"), BACK) is Hold.WITHDRAWN


def test_b3_what_comes_first_decides():
    assert after(BACK, DONE) is Hold.DUE
    assert after(BACK, resolved("withdrawn")) is Hold.DUE
