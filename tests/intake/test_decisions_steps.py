"""Steps, classification, extension and reopening: each one's own rules."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.intake.bodies import order
from tests.intake.cases import LIMITS, NOW, POLICY, a_ticket, actor

from amends.events import contact, sla
from amends.events import ticket as events
from amends.instants import format_instant
from intake_svc.decisions.access import answers_for, roles_for, sees, sight
from intake_svc.decisions.classification import read_classification, reclassified
from intake_svc.decisions.clocks_seen import SeenClock, seen
from intake_svc.decisions.extension import extended
from intake_svc.decisions.refusals import NotYours, Refused, WrongState
from intake_svc.decisions.reopening import reopened_by
from intake_svc.decisions.steps import FACTS, Step, read_step, taken
from intake_svc.decisions.ticket import after

LATER = format_instant(NOW + timedelta(hours=3))


def fields_refused(noun, body):
    with pytest.raises(Refused) as error:
        read_step(noun, body, LIMITS, NOW)
    return {problem.field for problem in error.value.problems}


@pytest.mark.parametrize(
    ("noun", "body", "fields"),
    [
        ("department-requests", {}, {"department"}),
        ("department-requests", {"department": "", "colour": 1}, {"department", "colour"}),
        ("department-replies", {"department": "q", "effective": "yes", "decision": "maybe"}, {"effective", "decision"}),
        ("contacts", {"about": "weather", "channel": "chat", "amount": -1}, {"about", "amount"}),
        ("contacts", {"about": "offer", "channel": "chat", "amount": 1_000_000_001}, {"amount"}),
        ("contacts", {"about": "progress", "channel": "chat", "agreed_reply_at": "2026-05-13T01:00:00Z"}, {"agreed_reply_at"}),
        ("contacts", {"about": "progress", "channel": "chat", "agreed_reply_at": "2026-05-14T01:00:00"}, {"agreed_reply_at"}),
        ("customer-questions", {"question": "which?"}, {"question"}),
        ("proposals", {"remedy": {"type": "coupon", "amount": -3, "why": "x"}}, {"remedy.amount", "remedy.why"}),
        ("proposals", {"remedy": {"type": "x", "amount": 5, "lines": [{"line_id": "1", "amount": 4}]}}, {"remedy.amount"}),
        ("reviews", {"stage": "first", "verdict": "ok", "by": "me"}, {"by"}),
        ("extensions", {"clock": "ack", "due_at": LATER, "reason": "x", "by": "me", "role": "manager"}, {"by", "role"}),
        ("extensions", {"clock": "ack", "due_at": "2026-05-13T01:00:00Z", "reason": "x"}, {"due_at"}),
        ("escalations", {"to": "team_leader", "reason": "x", "by": "me"}, {"by"}),
        ("escalations", {"to": "president"}, {"to", "reason"}),
        ("escalations", {"to": "manager", "reason": " "}, {"reason"}),
        ("resolution", {"outcome": "fine"}, {"outcome"}),
        ("reopening", {}, {"reason"}),
        ("assessment", {"findings": {"x": float("inf")}}, {"findings.x"}),
        ("liability", {"party": {"kind": "nobody", "id": "x"}}, {"party.kind"}),
    ],
)  # fmt: skip
def test_a_body_that_is_no_event_data_is_refused_with_its_fields(noun, body, fields):
    assert fields_refused(noun, body) == fields


def test_findings_nested_without_end_are_refused():
    findings = []
    for _ in range(40):
        findings = [findings]
    assert fields_refused("assessment", {"findings": findings}) == {"findings[0][0]"}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["1", "offer", LATER]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(FACTS)), st.data())
def test_whatever_a_body_holds_it_is_refused_or_becomes_an_event_that_can_be_written(noun, data):
    fields = [*FACTS[noun].model_fields, "colour"]
    body = data.draw(st.dictionaries(st.sampled_from(fields), JSON, max_size=4))
    try:
        fact = read_step(noun, body, LIMITS, NOW)
    except Refused:
        return
    json.dumps(fact.to_data(), allow_nan=False, ensure_ascii=False).encode()


def step(ticket, noun, body, who=None):
    return taken(ticket, Step(noun, who or actor(), read_step(noun, body, LIMITS, NOW)))


def test_a_department_that_was_not_asked_does_not_reply():
    reply = {"department": "logistics", "effective": True, "decision": "accepted"}
    with pytest.raises(WrongState, match="logistics was not asked; asked: quality"):
        step(a_ticket(state={"asked": ("quality",)}), "department-replies", reply)


@pytest.mark.parametrize(
    ("role", "subject", "department", "may"),
    [
        ("department", "quality", "quality", True),
        ("department", "quality", "logistics", False),
        ("department", None, "logistics", True),
        ("merchant", "m-1", "m-1", True),
        ("merchant", "m-1", "merchant", True),
        ("merchant", "m-2", "merchant", False),
        ("merchant", "m-1", "logistics", False),
        ("merchant", None, "m-1", True),
        ("specialist", "amy", "logistics", True),
    ],
)
def test_a_department_or_merchant_answers_for_itself_only(role, subject, department, may):
    ticket = a_ticket(merchant_id="m-1")
    assert answers_for(actor(role, subject), department, ticket) is may


@pytest.mark.parametrize(
    ("role", "subject", "visible"),
    [
        ("storefront", "shop", True),
        ("storefront", "other", False),
        ("department", "quality", True),
        ("department", "logistics", False),
        ("department", None, True),
        ("merchant", "m-1", True),
        ("merchant", "m-2", False),
        ("specialist", "amy", True),
        ("analyst", None, True),
    ],
)
def test_each_role_sees_its_own(role, subject, visible):
    ticket = a_ticket(merchant_id="m-1", state={"asked": ("quality",)})
    assert sees(sight(actor(role, subject)), ticket) is visible
    assert not sees(sight(actor(role, subject)), replace(ticket, tenant="other"))


@pytest.mark.parametrize("role", ["specialist", "team_leader", "manager", "admin"])
def test_only_a_service_speaks_for_the_robot(role):
    body = {"by": "robot", "about": "greeting", "channel": "chat"}
    with pytest.raises(NotYours, match="role service"):
        step(a_ticket(), "contacts", body, actor(role))
    assert step(a_ticket(), "contacts", body, actor("service")).by == "robot"
    assert step(a_ticket(), "contacts", body | {"by": "agent"}, actor(role)).by == "agent"


def test_who_escalates_comes_from_the_token():
    assert step(a_ticket(), "escalations", {"to": "manager", "reason": "G3"}).by == "amy"
    assert (
        step(a_ticket(), "escalations", {"to": "manager", "reason": "G3"}, actor("specialist", None)).by == "specialist"
    )


@pytest.mark.parametrize("noun", ["proposals", "agreements", "rejections", "executions"])
def test_a_remedy_names_lines_and_the_currency_of_the_order(noun):
    body = {"remedy": {"type": "x", "currency": "USD", "lines": [{"line_id": "9", "amount": 1}]}}
    with pytest.raises(Refused) as error:
        step(a_ticket(), noun, body)
    assert {problem.field for problem in error.value.problems} == {"remedy.currency", "remedy.lines[0].line_id"}
    assert step(a_ticket(order=None), noun, body).remedy.currency == "USD"


# C5: extensions


def clock(state="running"):
    return {"ack": SeenClock("ack", 1, NOW + timedelta(hours=1), state)}


def extension(**changes):
    return events.TicketExtended(**{"clock": "ack", "due_at": NOW + timedelta(hours=2), "reason": "strike"} | changes)


@pytest.mark.parametrize("role", ["team_leader", "manager"])
def test_a_leader_extends_a_running_clock_with_a_reason(role):  # C5
    fact = extended(a_ticket(), extension(), actor(role, "lin"), POLICY, clock())
    assert (fact.by, fact.role, fact.reason) == ("lin", role, "strike")


@pytest.mark.parametrize("role", ["specialist", "admin", "service"])
def test_nobody_else_extends(role):  # C5
    with pytest.raises(NotYours, match="C5"):
        extended(a_ticket(), extension(), actor(role), POLICY, clock())


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_an_extension_needs_a_reason(reason):  # C5
    with pytest.raises(Refused, match="reason"):
        extended(a_ticket(), extension(reason=reason), actor("manager"), POLICY, clock())


@pytest.mark.parametrize("hours", [0.5, 1])
def test_an_extension_is_to_a_later_time(hours):  # C5
    with pytest.raises(Refused, match="due_at"):
        extended(a_ticket(), extension(due_at=NOW + timedelta(hours=hours)), actor("manager"), POLICY, clock())


@pytest.mark.parametrize(
    ("clocks", "told"),
    [({}, "is not running"), (clock("stopped"), "is not running"), (clock("breached"), "is breached")],
)
def test_a_clock_that_is_not_running_is_not_extended(clocks, told):  # C5
    with pytest.raises(WrongState, match=told):
        extended(a_ticket(), extension(), actor("manager"), POLICY, clocks)


def test_clocks_are_seen_to_start_move_breach_and_stop():
    due, later = NOW + timedelta(hours=1), NOW + timedelta(hours=5)
    start = sla.SlaClockStarted(
        clock="ack", run=2, rule="A5", start_at=NOW, due_at=due, policy_version=1, calendar_confirmed=True
    )
    known = seen(None, start)
    assert known == SeenClock("ack", 2, due, "running")
    known = seen(known, sla.SlaClockMoved(clock="ack", run=2, moved_from=due, due_at=later, reason="x"))
    assert known.due_at == later
    breach = sla.SlaDeadlineBreached(clock="ack", run=2, step=1, rule="A5", due_at=later, as_of_sequence=1)
    assert seen(known, breach).state == "breached"
    assert seen(known, sla.SlaClockStopped(clock="ack", run=2, outcome="met")).state == "stopped"
    assert seen(known, sla.SlaClockStopped(clock="ack", run=1, outcome="met")) == known, "an earlier run"
    assert seen(None, breach) is None


# H6


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        (contact.ContactRevisitDone(outcome="not_solved"), "revisit: not_solved"),
        (contact.ContactRevisitDone(outcome="solved"), None),
        (contact.ContactRevisitDone(outcome="unreachable"), None),
        (contact.ContactSurveyAnswered(rating=1), "rating: 1"),
        (contact.ContactSurveyAnswered(rating=2), "rating: 2"),
        (contact.ContactSurveyAnswered(rating=3), None),
        (contact.ContactSurveySent(), None),
    ],
)
def test_an_unhappy_customer_reopens_a_finished_ticket(heard, reason):  # H6, G4
    at = {"heard_at": NOW, "resolved_at": NOW - timedelta(microseconds=1)}
    for status in ("resolved", "closed"):
        fact = reopened_by(a_ticket(state={"status": status}), heard, POLICY, **at)
        assert (fact and fact.reason) == reason
    assert reopened_by(a_ticket(state={"status": "executed"}), heard, POLICY, **at) is None


def test_what_was_said_before_the_ticket_was_resolved_reopens_nothing():  # H6
    resolved = a_ticket(state={"status": "resolved"})
    heard = contact.ContactRevisitDone(outcome="not_solved")
    later = NOW + timedelta(microseconds=1)
    assert reopened_by(resolved, heard, POLICY, heard_at=NOW, resolved_at=later) is None
    assert reopened_by(resolved, heard, POLICY, heard_at=NOW, resolved_at=NOW) is not None


# classification


def classified(ticket, **body):
    asked = read_classification(body, POLICY, LIMITS, NOW)
    return reclassified(ticket, asked, POLICY, new_ref="new")


DEAR = order(paid_amount=500_000, shipping_fee=0, items=[{"line_id": "1", "quantity": 1, "paid_amount": 500_000}])


@pytest.mark.parametrize(
    ("opened", "body", "told"),
    [
        ({}, {"case_type": "late_delivery"}, {"case_type": "late_delivery"}),
        ({}, {"tags": ["safety"]}, {"tags": ["safety"], "level": 1}),
        ({"level": 2}, {"tags": ["safety"]}, {"tags": ["safety"]}),
        ({}, {"kind": "suggestion"}, {"kind": "suggestion", "level": 4}),
        ({}, {"level": 2}, {"level": 2}),
        ({"tags": ["vip"]}, {"tags": []}, {"tags": []}),
        ({"order": DEAR}, {"tags": ["vip"]}, {"tags": ["vip", "high_value"]}),
    ],
)
def test_what_follows_from_a_changed_field_changes_with_it(opened, body, told):
    fact = classified(a_ticket(**opened), **body).fact
    assert fact.to_data() == told


def test_a_dearer_order_raises_a_default_level_and_tags_the_ticket():  # J1
    fact = classified(a_ticket(), order=DEAR).fact
    assert (fact.level, fact.tags) == (2, ("high_value",))
    back = classified(a_ticket(order=DEAR), order=order()).fact
    assert (back.level, back.tags) == (3, ())


def test_a_repeat_stays_one():
    fact = classified(a_ticket(kind="complaint", repeated=True), tags=["vip"]).fact
    assert (fact.tags, fact.level) == (("vip", "repeat"), None)


def test_a_new_default_level_stays_as_far_up_as_reopenings_raised_it():  # G4
    ticket = after(a_ticket(), events.TicketReopened(reason="x"), levels_up=1)
    assert ticket.level == 2
    changed = after(ticket, classified(ticket, kind="suggestion").fact)
    assert changed.level == 3  # 4 by its kind, one up


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"level": None}, "body"),
        ({"external_id": "x"}, "external_id"),
        ({"accepted_at": "2026-05-13T01:00:00Z"}, "accepted_at"),
        ({"order": order(paid_amount=1)}, "order.paid_amount"),
        ({"case_type": "nonsense"}, "case_type"),
        ({"level": 7}, "level"),
    ],
)
def test_a_classification_is_checked_as_an_opening_is(body, field):
    with pytest.raises(Refused) as error:
        classified(a_ticket(), **body)
    assert field in {problem.field for problem in error.value.problems}


@pytest.mark.parametrize(
    ("customer", "told"),
    [
        ({"customer_id": "c-1", "language": "en"}, ("ref", ("phone",))),
        ({"customer_id": "c-1", "contacts": {"email": "x@y.z"}}, ("ref", ("email",))),
        ({"customer_id": "c-2"}, (None, ())),
        ({"customer_id": "c-2", "contacts": {"email": "x@y.z"}}, ("new", ("email",))),
    ],
)
def test_another_customer_never_stands_behind_the_old_reference(customer, told):
    fact = classified(a_ticket(), customer=customer).fact
    assert (fact.customer.contact_ref, fact.customer.contact_channels) == told


def test_every_step_but_three_is_a_specialists():
    leaders_only = {"extensions", "reviews", "liability"}
    for noun in (*FACTS, "classification", "evidence"):
        assert ("specialist" in roles_for(noun)) is (noun not in leaders_only)
