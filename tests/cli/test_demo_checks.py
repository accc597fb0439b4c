"""The demo's checks find everything that differs from the rulebook, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.cli.demo_stories import ASKED_AT, OPENED_AT, TICKET, case_of, changed, ideal, ideal_books, ideal_events

from amends.events import ticket
from amends.events.sla import SlaDeadlineBreached
from amends.instants import format_instant
from amends.policy.load import default_policy
from amends_cli.demo.checks import Books, Played, check_books, check_case, check_final
from amends_cli.demo.scenario import SCENARIO
from amends_cli.demo.story import Story

POLICY = default_policy()
BY_KEY = pytest.mark.parametrize("case", SCENARIO, ids=lambda case: case.key)


def said(key, story, problems=()):
    return check_case(Played(case_of(key), TICKET, story, tuple(problems)), POLICY)


def one(differences, *words):
    """Say whether exactly one difference was found, and names these words."""
    return len(differences) == 1 and all(word in differences[0] for word in words)


@BY_KEY
def test_a_story_as_promised_has_no_differences(case):
    assert check_case(ideal(case), POLICY) == ()
    assert check_final(ideal(case), ideal_books(case)) == ()
    assert check_books([ideal(case)], ideal_books(case)) == ()


@BY_KEY
def test_any_missing_fact_but_the_request_itself_is_a_difference(case):
    events = ideal_events(case)
    for missing in events:
        story = Story.of(event for event in events if event.id != missing.id)
        assert check_case(Played(case, TICKET, story), POLICY), missing.type


@BY_KEY
def test_any_outcome_that_comes_twice_is_a_difference(case):
    events = ideal_events(case)
    for doubled in events:
        if doubled.type.startswith("amends.ticket."):
            continue  # the scenario's own steps
        story = Story.of([*events, replace(doubled, id="again", time=doubled.time + timedelta(seconds=1))])
        assert check_case(Played(case, TICKET, story), POLICY), doubled.type


def test_the_same_event_read_twice_counts_once():
    events = ideal_events(case_of("B1-silent"))
    assert said("B1-silent", Story.of([*events, *events])) == ()


@pytest.mark.parametrize(
    ("key", "wire_type", "data", "words"),
    [
        ("B4-short", "amends.compensation.decided.v1", {"amount": 3334}, ("amount is 3334", "3333")),
        ("B1-silent", "amends.compensation.decided.v1", {"remedy": "cash_voucher"}, ("cash_voucher", "full_refund")),
        ("B1-silent", "amends.compensation.decided.v1", {"rule": "B2"}, ("rule is B2", "B1")),
        ("B1-silent", "amends.compensation.decided.v1", {"currency": "USD"}, ("USD",)),
        ("B8-silent", "amends.sla.penalty_incurred.v1", {"amount": 400}, ("400", "200")),
        ("B12-silent", "amends.sla.escalated.v1", {"to": "manager"}, ("manager", "team_leader")),
        ("B7-lost", "amends.compensation.charged_back.v1", {"amount": 15800}, ("charged back", "16600")),
        (
            "B7-lost",
            "amends.compensation.charged_back.v1",
            {"party": {"kind": "merchant", "id": "m"}},
            ("charged back", "carrier-yuan"),
        ),
    ],
)
def test_a_wrong_value_is_named_with_the_right_one(key, wire_type, data, words):
    differences = said(key, changed(ideal_events(case_of(key)), wire_type, **data))
    assert one(differences, *words), differences


def test_a_payer_that_was_not_liable_is_a_difference():
    payer = {"kind": "department", "id": "warehouse"}
    story = changed(ideal_events(case_of("B1-silent")), "amends.compensation.decided.v1", payer=payer)
    assert one(said("B1-silent", story), "payer")


def test_a_remedy_for_a_department_that_answered_is_a_difference():
    events = ideal_events(case_of("B1-accepted"))
    paid = [event for event in ideal_events(case_of("B1-silent")) if event.type.startswith("amends.compensation.")]
    story = Story.of([*events, *(replace(event, id=f"x{event.id}") for event in paid)])
    assert any("should not be" in it for it in said("B1-accepted", story))


def test_a_breach_where_a_reply_came_in_time_is_a_difference():
    events = ideal_events(case_of("B1-accepted"))
    breach = next(e for e in ideal_events(case_of("B1-silent")) if e.type == SlaDeadlineBreached.wire_type)
    assert one(said("B1-accepted", Story.of([*events, replace(breach, id="x")])), "dept_reply", "should not be")


def test_a_breach_declared_before_its_deadline_is_a_difference():
    events = [
        replace(event, time=OPENED_AT) if event.type == SlaDeadlineBreached.wire_type else event
        for event in ideal_events(case_of("B2-silent"))
    ]
    assert one(said("B2-silent", Story.of(events)), "before it was due")


def test_a_second_clock_that_starts_when_the_breach_was_found_is_a_difference():
    late = [
        replace(event, data={**event.data, **_a_minute_later(event.data)})
        if event.data.get("clock") == "dept_reply_second"
        else event
        for event in ideal_events(case_of("B6-silent"))
    ]
    assert any("dept_reply_second started at" in it for it in said("B6-silent", Story.of(late)))


def _a_minute_later(data):
    story = Story.of(ideal_events(case_of("B6-silent")))
    start = story.start("dept_reply_second", 1)
    assert start is not None
    later = {"due_at": format_instant(start.due_at + timedelta(minutes=1))}
    return later | ({"start_at": format_instant(start.start_at + timedelta(minutes=1))} if "start_at" in data else {})


def test_a_deadline_that_is_not_the_policys_is_a_difference():
    due_at = format_instant(OPENED_AT + timedelta(hours=13))
    story = changed(ideal_events(case_of("B1-accepted")), "amends.sla.clock_started.v1", due_at=due_at)
    assert any("the policy says" in it for it in said("B1-accepted", story))


def test_a_revisit_outside_service_hours_is_a_difference():
    night = format_instant(
        OPENED_AT + timedelta(hours=36)
    )  # 21:00 is the last instant that counts; 36 h on it is closed
    at = format_instant(OPENED_AT + timedelta(hours=36, minutes=45))
    story = changed(ideal_events(case_of("G1-left")), "amends.contact.revisit_planned.v1", due_at=at)
    assert night != at
    assert one(said("G1-left", story), "revisits planned")


def test_a_reply_that_the_script_itself_gave_too_late_is_told_as_such():
    events = ideal_events(case_of("B1-accepted"))
    late = ASKED_AT + timedelta(hours=13)
    reply = ticket.TicketDepartmentReplied(department="after-sales", effective=True, decision="accepted")
    told = replace(events[0], id="reply", type=reply.wire_type, time=late, data=reply.to_data())
    assert one(said("B1-accepted", Story.of([*events, told])), "dept_reply was recorded 1:00:00 late")


def test_a_refused_step_is_told_with_the_case():
    assert said("B1-silent", ideal(case_of("B1-silent")).story, ["intake refused it"]) == ("intake refused it",)


def test_a_ticket_that_was_never_opened_is_one_difference():
    assert one(check_case(Played(case_of("B1-silent"), None, Story()), POLICY), "not opened")


def books(key, **changes):
    whole = ideal_books(case_of(key))
    return replace(whole, **changes)


def test_a_ledger_that_does_not_sum_to_zero_is_told_with_the_movement():
    ledger = [dict(entry) for entry in ideal_books(case_of("B1-silent")).ledger]
    ledger[0]["amount"] -= 1
    found = check_books([ideal(case_of("B1-silent"))], books("B1-silent", ledger=ledger))
    assert any("in CNY sum to -1" in it for it in found)
    assert any("movement dept_reply-1/0" in it for it in found)


def test_a_payer_that_the_ledger_never_charged_is_told():
    ledger = [entry for entry in ideal_books(case_of("B4-short")).ledger if not entry["movement_id"].endswith("/2")]
    found = check_books([ideal(case_of("B4-short"))], books("B4-short", ledger=ledger))
    assert one(found, "department:warehouse", "-3333")


def _storefront(key, **change):
    (payment,) = ideal_books(case_of(key)).storefront
    return [{**payment, **change}]


@pytest.mark.parametrize(
    ("storefront", "words"),
    [
        ([], ("knows nothing",)),
        (_storefront("B1-silent", amount=19901), ("amount is 19901", "19900")),
        (_storefront("B1-silent", kind="voucher"), ("kind is voucher",)),
        (_storefront("B1-silent", id="other"), ("id is other",)),
        (_storefront("B1-silent") * 2, ("2 times",)),
        (_storefront("B1-silent") + _storefront("B1-silent", reference="stray"), ("stray", "did not issue")),
    ],
)
def test_what_the_storefront_did_otherwise_is_told(storefront, words):
    found = check_books([ideal(case_of("B1-silent"))], books("B1-silent", storefront=storefront))
    assert one(found, *words), found


def test_payments_of_other_peoples_tickets_are_none_of_ours():
    stray = _storefront("B1-silent", reference="stray", ticket_id="T-other")
    whole = ideal_books(case_of("B1-silent"))
    found = check_books([ideal(case_of("B1-silent"))], books("B1-silent", storefront=[*whole.storefront, *stray]))
    assert found == ()


def test_a_message_that_the_inbox_does_not_hold_is_told():
    assert one(
        check_final(ideal(case_of("B1-accepted")), books("B1-accepted", inbox=[])),
        "inbox",
        "ticket_received",
        "0 times",
    )


def test_a_remedy_that_is_not_issued_at_the_end_is_told():
    remedies = {TICKET: [{"clock": "dept_reply", "amount": 19900, "state": "issuing"}]}
    assert one(check_final(ideal(case_of("B1-silent")), books("B1-silent", remedies=remedies)), "issuing")


def test_a_remedy_that_is_still_held_at_the_end_is_told():
    held = {TICKET: [{"state": "held", "rule": "B3", "clock": "refund_execute", "step": 1, "reason": "goods_returned"}]}
    assert one(check_final(ideal(case_of("B1-silent")), books("B1-silent", remedies=held)), "held")


def test_nothing_is_asked_of_the_books_of_a_ticket_that_was_never_opened():
    assert check_final(Played(case_of("B1-silent"), None, Story()), Books([], [], [], {})) == ()
