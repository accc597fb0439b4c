"""What two policies promise differently, row by row."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.shared.policy.bodies import clock_row, default_raw

from amends.policy.difference import difference
from amends.policy.load import default_policy, load, pack
from amends.policy.packs import PACKS


def changes(raw: dict[str, Any]) -> list[tuple[str, str, dict[str, tuple[Any, Any]]]]:
    """Return (row, kind, its fields before and after) of every difference from the default policy."""
    found = difference(default_policy(), load(raw))
    return [(c.row, c.kind, {f.field: (f.before, f.after) for f in c.fields}) for c in found]


def test_a_policy_does_not_differ_from_itself_however_it_is_written() -> None:
    raw = default_raw()
    raw["clocks"] = raw["clocks"][::-1]
    clock_row(raw, "B1", "dept_reply")["target"] = "PT12H"
    clock_row(raw, "B1", "dept_reply")["scope"] = {"case_type": ["refund_only", "exchange", "return_refund"]}
    clock_row(raw, "B2", "dept_reply")["scope"] = {"case_type": ["abnormal_refund"]}
    raw["calendars"] = dict(reversed(raw["calendars"].items()))
    assert changes(raw) == []


def test_a_changed_row_says_each_field_before_and_after() -> None:
    raw = default_raw()
    clock_row(raw, "B1", "dept_reply").update({"target": "10h", "warn_at": 0.5})
    clock_row(raw, "G1", "escalate")["on_breach"][1]["amount"] = 300
    assert changes(raw) == [
        ("clocks B1/dept_reply", "changed", {"target": ("12h", "10h"), "warn_at": (0.8, 0.5)}),
        ("clocks G1/escalate", "changed", {"on_breach[2].amount": (200, 300)}),
    ]


def test_a_field_that_only_one_has_differs_from_nothing() -> None:
    raw = default_raw()
    raw["budgets"] = {"per_day": 100_000}
    del clock_row(raw, "B12", "complete")["pauses"]
    assert changes(raw) == [
        ("clocks B12/complete", "changed", {"pauses": (["waiting_for_customer"], None)}),
        ("budgets", "changed", {"per_day": (None, 100_000)}),
    ]


def test_added_and_removed_rows_say_all_that_they_say() -> None:
    raw = default_raw()
    row = clock_row(raw, "J1", "contact_interval")
    row["id"] = "VIP"
    (removed_from, kind_one, before), (added, kind_two, after) = sorted(changes(raw), key=lambda c: c[0])
    assert [(removed_from, kind_one), (added, kind_two)] == [
        ("clocks J1/contact_interval", "removed"),
        ("clocks VIP/contact_interval", "added"),
    ]
    assert before["target"] == ("24h", None)
    assert after["target"] == (None, "24h")
    assert after["scope.tags"] == (None, ["high_value"])


def test_of_hundreds_of_holidays_only_those_that_differ_are_told() -> None:
    raw = default_raw()
    raw["calendars"]["working_days"]["closed"] = ["2026-12-24"]
    raw["calendars"]["working_days"]["special"] = {"2026-10-10": [], "2005-12-31": [["08:30", "21:00"]]}
    assert changes(raw) == [
        (
            "calendars working_days",
            "changed",
            {"closed": ([], ["2026-12-24"]), "special.2026-10-10": ([["08:30", "21:00"]], None)},
        )
    ]


def test_a_single_value_is_a_row_of_its_own() -> None:
    assert changes({**default_raw(), "title": "ours"}) == [
        ("title", "changed", {"value": (default_policy().title, "ours")})
    ]


def test_the_order_of_review_stages_is_a_promise_e5() -> None:
    raw = default_raw()
    raw["reviews"]["stages"] = ["recheck", "first", "final"]
    assert changes(raw) == [
        ("reviews", "changed", {"stages": (["first", "recheck", "final"], ["recheck", "first", "final"])})
    ]


@given(st.sampled_from(PACKS), st.sampled_from(PACKS))
def test_a_difference_read_backwards_adds_what_it_removed(one: str, other: str) -> None:
    there, back = difference(pack(one), pack(other)), difference(pack(other), pack(one))
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    told = {
        (c.row, opposite[c.kind], frozenset((f.field, str(f.after), str(f.before)) for f in c.fields)) for c in back
    }
    assert {(c.row, c.kind, frozenset((f.field, str(f.before), str(f.after)) for f in c.fields)) for c in there} == told
    assert (there == ()) is (one == other)
