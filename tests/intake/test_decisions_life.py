"""The ticket's life (RULEBOOK E6, CONTRACT §6): status, and which steps it allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.intake.cases import NOW, a_ticket

from amends.events import ticket as events
from amends.events.parts import Evidence, Party, ProposedRemedy
from intake_svc.decisions import life
from intake_svc.decisions.refusals import WrongState
from intake_svc.decisions.ticket import STEPS, after

REMEDY = ProposedRemedy(type="coupon", amount=500)
FACTS = {
    "department-requests": events.TicketDepartmentAsked(department="quality"),
    "department-replies": events.TicketDepartmentReplied(department="quality", effective=True, decision="accepted"),
    "assignment": events.TicketAssigned(owner="bo"),
    "assessment": events.TicketAssessed(findings="broken lid"),
    "liability": events.TicketLiabilityFound(party=Party(kind="carrier", id="sf")),
    "contacts": events.TicketContacted(about="greeting", channel="chat"),
    "customer-questions": events.TicketCustomerAsked(),
    "customer-replies": events.TicketCustomerReplied(),
    "evidence": events.TicketEvidenceAdded(evidence=(Evidence(id="e", kind="photo"),)),
    "goods-returns": events.TicketGoodsReturned(),
    "proposals": events.TicketSolutionProposed(remedy=REMEDY),
    "agreements": events.TicketSolutionAgreed(remedy=REMEDY),
    "rejections": events.TicketSolutionRejected(remedy=REMEDY),
    "executions": events.TicketSolutionExecuted(remedy=REMEDY),
    "escalations": events.TicketEscalated(to="team_leader"),
    "links": events.TicketLinked(incident_id="i-1"),
    "resolution": events.TicketResolved(outcome="resolved"),
    "closure": events.TicketClosed(),
    "reopening": events.TicketReopened(reason="not solved"),
}
AFTER_THE_END = {
    "contacts", "customer-replies", "evidence", "goods-returns", "liability", "executions", "links", "reopening",
}  # fmt: skip


def lived(*nouns):
    ticket = a_ticket()
    for noun in nouns:
        ticket = after(ticket, FACTS[noun], levels_up=1)
    return ticket


@pytest.mark.parametrize(
    ("nouns", "status"),
    [
        ((), "received"),
        (("contacts",), "confirmed"),
        (("assignment", "links", "escalations"), "received"),
        (("department-requests",), "investigating"),
        (("customer-questions",), "investigating"),
        (("assessment", "contacts"), "investigating"),
        (("proposals",), "proposed"),
        (("proposals", "department-requests", "rejections"), "proposed"),
        (("proposals", "agreements"), "agreed"),
        (("executions", "proposals"), "executed"),
        (("resolution",), "resolved"),
        (("resolution", "contacts", "executions"), "resolved"),
        (("resolution", "closure", "customer-replies"), "closed"),
        (("resolution", "reopening"), "reopened"),
        (("resolution", "reopening", "assignment"), "reopened"),
        (("resolution", "reopening", "contacts"), "confirmed"),
        (("resolution", "closure", "reopening", "executions", "contacts"), "executed"),
    ],
)
def test_status_is_the_furthest_step_of_e6_and_reopened_until_the_next(nouns, status):
    assert lived(*nouns).status == status


def test_an_open_ticket_allows_all_but_what_needs_something_first():
    missing = {"department-replies", "agreements", "rejections", "closure", "reopening"}
    assert set(life.allowed(lived())) == set(life.NOUNS) - missing
    assert set(life.allowed(lived("department-requests", "proposals"))) == set(life.NOUNS) - {"closure", "reopening"}


def test_a_resolved_ticket_takes_what_may_still_come_and_is_closed_or_reopened():
    assert set(life.allowed(lived("department-requests", "proposals", "resolution"))) == AFTER_THE_END | {"closure"}


def test_a_closed_ticket_takes_what_may_still_come_and_is_reopened():
    assert set(life.allowed(lived("resolution", "closure"))) == AFTER_THE_END


@pytest.mark.parametrize(
    ("nouns", "step", "why"),
    [
        ((), "department-replies", "no department was asked"),
        ((), "agreements", "no solution was proposed"),
        ((), "closure", "only a resolved ticket"),
        (("resolution", "closure"), "closure", "only a resolved ticket"),
        (("resolution",), "proposals", "reopen it first"),
        ((), "reopening", "the ticket is open"),
    ],
)
def test_a_refused_step_says_why_and_what_is_allowed(nouns, step, why):
    ticket = lived(*nouns)
    with pytest.raises(WrongState, match=why) as refused:
        life.must_allow(ticket, step)
    assert refused.value.allowed == life.allowed(ticket)


@given(st.lists(st.sampled_from(sorted(FACTS)), max_size=25))
def test_along_any_allowed_path_status_only_falls_by_reopening_and_versions_count_every_event(nouns):
    ticket, steps = a_ticket(), 1
    for noun in nouns:
        if noun not in life.allowed(ticket):
            with pytest.raises(WrongState):
                life.must_allow(ticket, noun)
            continue
        before = ticket
        ticket, steps = after(ticket, FACTS[noun], levels_up=1), steps + 1
        assert ticket.version == steps
        assert 1 <= ticket.level <= before.level
        if noun == "reopening":
            assert ticket.status == "reopened"
        elif before.status != "reopened":
            assert STEPS.index(ticket.status) >= STEPS.index(before.status)
        assert (ticket.status == "closed") is (noun == "closure" or (before.status == "closed" and noun != "reopening"))


def test_each_reopening_raises_the_level_by_one_but_never_past_the_first():  # G4
    ticket = a_ticket()
    assert ticket.level == 3
    levels = []
    for _ in range(3):
        ticket = after(ticket, FACTS["reopening"], levels_up=1)
        levels.append(ticket.level)
    assert levels == [2, 1, 1]


def test_the_fields_of_opened_follow_the_events():
    ticket = lived("assignment", "evidence", "links")
    ticket = after(ticket, events.TicketContacted(about="progress", channel="phone", agreed_reply_at=NOW))
    assert ticket.fields["owner"] == "bo"
    assert ticket.fields["evidence"] == [{"id": "e", "kind": "photo"}]
    assert ticket.fields["agreed_reply_at"] == "2026-05-13T02:00:00.000000Z"
    assert ticket.incidents == ("i-1",)
