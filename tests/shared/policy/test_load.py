"""A policy is accepted whole, or refused with everything that is wrong with it, each with its row (RULEBOOK, last page)."""

import json
from typing import Any

import pytest
from tests.shared.policy.bodies import clock_row, default_raw, findings, without

from amends.policy.check import warnings
from amends.policy.load import PolicyError, default_policy, load
from amends.policy.model import Policy


def test_the_default_policy_has_no_findings() -> None:
    assert findings(default_raw()) == []


def test_a_published_body_reads_back_as_the_same_policy_and_makes_the_same_body() -> None:
    policy = default_policy()
    body = json.loads(json.dumps(policy.body()))
    assert Policy.read(body) == policy
    assert load(body) == policy
    assert load(body).body() == body


def test_the_body_holds_its_holidays_and_asks_for_no_more() -> None:
    calendar = default_policy().body()["calendars"]["working_days"]
    assert calendar["seed"] is None
    assert "2026-10-01" in calendar["closed"]
    assert calendar["special"]["2026-10-10"] == [["08:30", "21:00"]]
    assert 2026 in calendar["confirmed_years"]


def test_a_body_of_a_newer_writer_is_read_past_its_new_fields_but_a_new_one_is_refused() -> None:
    body = default_policy().body()
    body["horoscope"] = {"sign": "leo"}
    body["clocks"][0]["mood"] = "good"
    assert Policy.read(body) == default_policy()
    assert findings(body) == ["clocks A1/connect: mood: unknown name", "horoscope: unknown name"]


def test_two_rows_of_one_tie_are_both_named() -> None:
    raw = default_raw()
    raw["clocks"].append({**clock_row(raw, "B1", "dept_reply"), "id": "B1-own", "target": "6h"})
    assert findings(raw) == [
        "clocks B1/dept_reply: ties with B1-own/dept_reply: both match a ticket with case type exchange"
    ]


def test_rows_for_two_tags_tie_because_a_ticket_may_carry_both() -> None:
    raw = default_raw()
    raw["clocks"].append({**clock_row(raw, "J1", "contact_interval"), "id": "VIP", "scope": {"tags": "important"}})
    assert findings(raw) == [
        "clocks J1/contact_interval: ties with VIP/contact_interval: both match a ticket with tags high_value, important"
    ]


def test_a_row_for_both_tags_beside_a_row_for_one_is_no_tie() -> None:
    raw = default_raw()
    scope = {"tags": ["high_value", "important"]}
    raw["clocks"].append({**clock_row(raw, "J1", "contact_interval"), "id": "VIP", "scope": scope})
    assert findings(raw) == []


def test_two_default_rows_of_one_clock_tie_on_every_ticket() -> None:
    raw = default_raw()
    raw["clocks"].append({**clock_row(raw, "G1", "escalate"), "id": "G1-own"})
    assert findings(raw) == ["clocks G1/escalate: ties with G1-own/escalate: both match every ticket"]


@pytest.mark.parametrize(
    ("rule", "clock", "told"),
    [
        ("A2", "connect", "clocks of connect: no row for channel chat"),
        ("C3", "level_response", "clocks of level_response: no row for level 3; kind complaint, suggestion"),
        ("C4", "level_solution", "clocks of level_solution: no row for level 4; kind complaint, suggestion"),
        ("A5", "ack", "clocks of ack: no row for channel app, chat, email, phone, social, web; kind"),
        ("A3", "solve", "clocks of solve: no row for kind consultation"),
        ("G1", "escalate", "clocks of escalate: there is no row at all"),
        ("H1", "contact_interval", "clocks of contact_interval: no row for a ticket without tags"),
        ("B6", "dept_reply_second", "clocks B6/dept_reply: starts dept_reply_second, which has no row for case type"),
        ("F2", "progress_reply", "clocks of progress_reply: no row with start: agreed"),
        ("B12", "assess", "clocks of assess: there is no row at all"),
    ],
)
def test_a_gap_names_the_tickets_it_leaves_out(rule: str, clock: str, told: str) -> None:
    found = findings(without(default_raw(), rule, clock))
    assert len(found) == 1
    assert found[0].startswith(told)


def test_a_case_type_without_a_deadline_is_named() -> None:
    raw = default_raw()
    clock_row(raw, "B11", "dept_reply")["scope"] = {"case_type": "other"}
    found = findings(raw)
    assert len(found) == 1
    assert found[0].startswith("clocks of dept_reply: no deadline for case type complaint_logistics, complaint_quality")
    assert "repair" in found[0]


def test_a_deadline_for_one_kind_only_leaves_the_others_out() -> None:
    raw = default_raw()
    clock_row(raw, "B11", "dept_reply")["scope"] = {"kind": ["complaint", "consultation", "after_sales"]}
    assert any("no deadline for case type" in line and "suggestion" in line for line in findings(raw))


def _set(rule: str, clock: str, /, **fields: Any) -> dict[str, Any]:
    raw = default_raw()
    clock_row(raw, rule, clock).update(fields)
    return raw


def _calendar(name: str, **fields: Any) -> dict[str, Any]:
    raw = default_raw()
    raw["calendars"][name].update(fields)
    return raw


def _top(**fields: Any) -> dict[str, Any]:
    return {**default_raw(), **fields}


UNREADABLE = [
    (_set("B1", "dept_reply", target="12"), "clocks B1/dept_reply: target: "),
    (_set("B1", "dept_reply", target=12), "clocks B1/dept_reply: target: Value error, a duration needs its unit"),
    (_set("B1", "dept_reply", target="0h"), "clocks B1/dept_reply: target: Value error, a duration must be longer"),
    (_set("B1", "dept_reply", target="-PT1H"), "clocks B1/dept_reply: target: "),
    (_set("B1", "dept_reply", warn_at=1.0), "clocks B1/dept_reply: warn_at: "),
    (_set("B1", "dept_reply", clock="dept_replay"), "clocks B1/dept_replay: clock: Input should be 'connect'"),
    (_set("B1", "dept_reply", start="whenever"), "clocks B1/dept_reply: start: "),
    (_set("B1", "dept_reply", stop=["silence"]), "clocks B1/dept_reply: stop.0: "),
    (_set("B1", "dept_reply", scope={"colour": "red"}), "clocks B1/dept_reply: scope.colour: unknown name"),
    (_set("C1", "level_response", scope={"level": 7}), "clocks C1/level_response: scope.level.0: "),
    (_set("B1", "dept_reply", on_breach=[{"shrug": True}]), "clocks B1/dept_reply: on_breach.0: unknown step"),
    (
        _set("B1", "dept_reply", on_breach=[{"step": 1, "remedy": "full_refund"}]),
        "clocks B1/dept_reply: on_breach.0.remedy.amount: is missing",
    ),
    (_set("B8", "dept_reply", reply_requires=["stamp"]), "clocks B8/dept_reply: reply_requires.0: "),
    (_calendar("service", weekly={"noday": [["08:30", "21:00"]]}), "calendars: service.weekly.noday"),
    (_calendar("service", weekly={"mon": [["8:30", "21:00"]]}), "calendars: service.weekly.mon.0.0: "),
    (_top(currency="yuan"), "currency: "),
    (_top(amounts=None), "amounts: "),
    (_top(clocks=None), "clocks: "),
]


@pytest.mark.parametrize(("raw", "told"), UNREADABLE)
def test_a_row_that_cannot_be_read_is_named_with_its_field(raw: dict[str, Any], told: str) -> None:
    found = findings(raw)
    assert found
    assert any(line.startswith(told) for line in found), found


REFUSED = [
    (_set("B1", "dept_reply", scope={"case_type": "retrun_refund"}), "unknown case type 'retrun_refund'"),
    (_set("B13", "solve", scope={"tags": "komplex", "kind": "consultation"}), "unknown tag 'komplex'"),
    (_set("A1", "connect", scope={"channel": "fax"}), "unknown channel 'fax'"),
    (_set("A3", "solve", scope={"kind": "question"}), "unknown kind 'question'"),
    (_set("A5", "ack", calendar="holiday"), "clocks A5/ack: unknown calendar 'holiday'"),
    (_set("B1", "dept_reply", working_days=2), "needs exactly one of target, working_days, window"),
    (_set("B1", "dept_reply", target=None), "clocks B1/dept_reply: needs exactly one of target"),
    (_set("I3", "feedback", calendar=None), "clocks I3/feedback: working_days need a calendar"),
    (_set("F1", "progress_reply", calendar="service"), "a window is wall-clock time and takes no calendar"),
    (_set("F2", "progress_reply", target="2h"), "a time agreed with the customer has no target of its own"),
    (_set("G1", "escalate", stop=[]), "clocks G1/escalate: nothing stops this clock"),
    (
        _set("F1", "progress_reply", window=[{"since": "00:00", "until": "12:00", "by": "18:00"}]),
        "clocks F1/progress_reply: the windows leave out 12:00 to 24:00",
    ),
    (
        _set("F1", "progress_reply", window=[{"since": "00:00", "until": "24:00", "by": "18:00"}]),
        "accepted just before 24:00 would be due earlier, at 18:00",
    ),
    (
        _set("B1", "dept_reply", on_breach=[{"remedy": "full_refund", "amount": "by_severity"}]),
        "the amount of a full_refund is affected_in_full, not by_severity",
    ),
    (
        _set("B6", "dept_reply_second", on_breach=[{"step": 1, "remedy": "full_refund", "amount": "affected_in_full"}]),
        "clocks B6/dept_reply_second: this clock's breach is step 2",
    ),
    (
        _set("B1", "dept_reply", on_breach=[{"step": 2, "remedy": "full_refund", "amount": "affected_in_full"}]),
        "a second step here must be an escalation that says `after` how long",
    ),
    (
        _set("B1", "dept_reply", on_breach=[{"remedy": "full_refund", "amount": "affected_in_full"}] * 2),
        "two remedies in one step",
    ),
    (_calendar("service", weekly={"mon": []}), "calendars.service: "),
    (_calendar("service", weekly={"mon": [["21:00", "08:30"]]}), "calendars.service: "),
    (_top(timezone="Asia/Atlantis"), "timezone: no time zone is called 'Asia/Atlantis'"),
    (_top(complaint_codes=[{"id": "D1", "category": "x", "first": 9, "last": 1}]), "first is above last"),
    (
        _top(messages=[{"template": "hello", "to": "customer", "when": {"event": "ticket.sneezed"}}]),
        "messages hello: unknown event 'ticket.sneezed'",
    ),
]


@pytest.mark.parametrize(("raw", "told"), REFUSED)
def test_a_row_that_contradicts_itself_or_the_policy_is_refused(raw: dict[str, Any], told: str) -> None:
    found = findings(raw)
    assert any(told in line for line in found), found


def test_two_rows_of_one_clock_with_one_id_are_refused_as_events_could_not_tell_which() -> None:
    raw = default_raw()
    raw["clocks"].append({**clock_row(raw, "B2", "dept_reply"), "scope": {"case_type": "repair"}})
    assert findings(raw) == ["clocks B2/dept_reply: two rows of this clock have this id; events could not tell which"]


def test_a_case_type_stands_once() -> None:
    raw = default_raw()
    raw["case_types"].append({"id": "B99", "names": ["exchange"]})
    assert findings(raw) == ["case_types B99: case type 'exchange' stands under B1 already"]


def test_everything_is_said_at_once_even_beside_rows_that_cannot_be_read() -> None:
    raw = _set("B1", "dept_reply", target="soon")
    clock_row(raw, "A3", "solve")["scope"] = {"kind": "question"}
    raw["clocks"].append({**clock_row(raw, "G1", "escalate"), "id": "G1-own"})
    raw["currency"] = "CNY"
    assert [line.split(":")[0] for line in findings(raw)] == [
        "clocks B1/dept_reply",
        "clocks A3/solve",
        "clocks G1/escalate",
    ]


def test_a_key_given_twice_is_refused_with_its_line() -> None:
    assert findings("title: a\ntitle: b\n") == ["policy: line 2, column 1: 'title' is given twice"]


@pytest.mark.parametrize("text", ["", "- a\n", "just words", "a: [b"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        load(text)


def test_an_unconfirmed_year_is_a_warning_and_refuses_nothing() -> None:
    found = warnings(default_policy(), (2026, 2031))
    assert [(finding.row, finding.refuses) for finding in found] == [("calendars.working_days", False)]
    assert "2031" in found[0].message
    assert "2026" not in found[0].message
    assert warnings(default_policy(), (2026,)) == ()
