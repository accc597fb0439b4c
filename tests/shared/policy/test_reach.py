"""A row that no ticket can ever have is refused: its author believes in it."""

from typing import Any

import pytest
from tests.shared.policy.bodies import clock_row, default_raw, findings

CASES_OF_B1 = ["return_refund", "exchange", "refund_only"]


def _added(clock: str, rule: str, /, **fields: Any) -> dict[str, Any]:
    """The default policy with one more row, made of B1's or of the clock's first."""
    raw = default_raw()
    like = next(row for row in raw["clocks"] if row["clock"] == clock)
    raw["clocks"].append({**like, "id": rule, **fields})
    return raw


def test_a_row_that_others_always_win_over_is_named_with_them() -> None:
    raw = default_raw()
    clock_row(raw, "A5", "ack")["scope"] = {"kind": ["complaint"]}
    raw["clocks"].append({**clock_row(raw, "A9", "ack"), "id": "ALL", "scope": {}})
    raw["clocks"].append({**clock_row(raw, "A9", "ack"), "id": "ALL.kinds", "scope": {"kind": raw["kinds"][:2]}})
    raw["clocks"].append({**clock_row(raw, "A9", "ack"), "id": "ALL.rest", "scope": {"kind": raw["kinds"][3:]}})
    assert findings(raw) == [
        (
            "clocks ALL/ack: no ticket can ever have this row: "
            "ALL.kinds/ack, A5/ack, ALL.rest/ack is more specific wherever it matches"
        )
    ]


def test_a_row_for_one_case_type_whose_every_level_has_a_row_is_unreachable() -> None:
    raw = _added("dept_reply", "WIDE", scope={"case_type": "repair", "channel": "email"})
    by_level = {"case_type": "repair", "level": [1, 2, 3, 4]}
    raw["clocks"].append({**raw["clocks"][-1], "id": "LEVELS", "scope": by_level})
    assert findings(raw) == [
        "clocks WIDE/dept_reply: no ticket can ever have this row: LEVELS/dept_reply is more specific wherever it matches"
    ]


@pytest.mark.parametrize(
    "scope",
    [
        {"case_type": "repair"},
        {"tenant": "acme", "case_type": CASES_OF_B1},
        {"tags": "important"},
        {"level": 1},
    ],
)
def test_a_row_that_some_ticket_has_is_no_finding(scope: dict[str, Any]) -> None:
    assert findings(_added("dept_reply", "OWN", scope=scope)) == []


def test_a_live_answer_on_a_channel_without_staff_never_starts() -> None:
    assert findings(_added("connect", "MAIL", scope={"channel": "email"})) == [
        "clocks MAIL/connect: no ticket can ever have this row: it starts on staffed channels only, which are phone, chat"
    ]


def test_a_second_step_that_no_first_one_starts_is_unreachable() -> None:
    found = findings(_added("dept_reply_second", "SECOND", scope={"case_type": CASES_OF_B1}))
    assert found == [
        (
            "clocks SECOND/dept_reply_second: no ticket can ever have this row: "
            "no row's breach starts dept_reply_second for its tickets"
        )
    ]
