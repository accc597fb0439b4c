"""No policy promises worse than the law (RULEBOOK P1)."""

from datetime import timedelta
from typing import Any

import pytest
from tests.shared.policy.bodies import clock_row, default_raw, findings

from amends.policy.statutory import ceilings


def _set(rule: str, clock: str, /, **fields: Any) -> dict[str, Any]:
    raw = default_raw()
    clock_row(raw, rule, clock).update(fields)
    return raw


def test_the_law_says_seven_days_for_a_refund_and_fifteen_for_an_answer_p1() -> None:
    law = ceilings()
    assert (law.id, law.refund.within, law.answer.within) == ("P1", timedelta(days=7), timedelta(days=15))


@pytest.mark.parametrize(
    ("rule", "clock", "fields"),
    [
        ("B3", "refund_execute", {"target": "7d"}),  # "within" includes the limit
        ("B1", "dept_reply", {"target": "168h"}),
        ("B7", "dept_reply", {"target": "15d"}),  # a lost parcel: no goods come back
        ("C3", "level_solution", {"target": "15d"}),
        ("C4", "level_solution", {"working_days": 10}),  # Monday 00:00 to Monday in two weeks, 21:00: 14 days 21 h
        ("G1", "escalate", {"target": "30d"}),  # escalating answers nobody
    ],
)
def test_a_promise_at_the_limit_is_lawful_p1(rule: str, clock: str, fields: dict[str, Any]) -> None:
    assert findings(_set(rule, clock, **fields)) == []


@pytest.mark.parametrize(
    ("rule", "clock", "fields", "told"),
    [
        (
            "B3",
            "refund_execute",
            {"target": "169h"},
            "refunds after 7 days 1 h; by law the money is back within 7 days",
        ),
        ("B1", "dept_reply", {"target": "8d"}, "refunds after 8 days; by law the money is back within 7 days"),
        ("B7", "dept_reply", {"target": "361h"}, "is due after 15 days 1 h; by law more than 15 days is deliberate"),
        ("C3", "level_solution", {"target": "16d"}, "is due after 16 days; by law more than 15 days is deliberate"),
        ("A3", "solve", {"target": "20d"}, "is due after 20 days; by law more than 15 days is deliberate"),
        ("C4", "level_solution", {"working_days": 11}, "is due after 17 days 21 h; by law more than 15 days"),
        # 13 hours of service time a day: 200 h are more than fifteen days
        ("B11", "dept_reply", {"target": "200h", "calendar": "service"}, "by law more than 15 days is deliberate"),
    ],
)
def test_a_promise_worse_than_the_law_is_refused_with_its_row_p1(
    rule: str, clock: str, fields: dict[str, Any], told: str
) -> None:
    found = findings(_set(rule, clock, **fields))
    assert len(found) == 1
    assert found[0].startswith(f"clocks {rule}/{clock}: ")
    assert told in found[0]
    assert found[0].endswith("(P1)")


def test_a_second_step_is_judged_with_the_first_ones_time_p1() -> None:
    raw = _set("B6", "dept_reply_second", target="14d")  # 24 h and 14 days: at the limit
    assert findings(raw) == []
    clock_row(raw, "B6", "dept_reply")["target"] = "25h"
    assert findings(raw) == [
        (
            "clocks B6/dept_reply_second: is due after 15 days 1 h, the first step's time included; "
            "by law more than 15 days is deliberate delay (P1)"
        )
    ]


def test_a_refund_that_waits_for_the_goods_is_judged_whatever_its_case_type_p1() -> None:
    step = {"step": 1, "remedy": "full_refund", "amount": "affected_in_full", "precondition": "goods_returned"}
    found = findings(_set("B7", "dept_reply", target="10d", on_breach=[step]))
    assert found == [
        "clocks B7/dept_reply: refunds after 10 days; by law the money is back within 7 days of the goods' return (P1)"
    ]


def test_the_ceilings_are_no_tenants_to_change() -> None:
    assert findings({**default_raw(), "statutory": {"refund": {"within": "30d"}}}) == ["statutory: unknown name"]
