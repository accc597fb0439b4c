"""First review, re-check, final review: in order, by three people, and what waits for them (RULEBOOK E5)."""

from dataclasses import replace

import pytest
from tests.intake.cases import POLICY, a_ticket, actor

from amends.events import ticket as events
from amends.events.parts import ProposedRemedy
from intake_svc.decisions import reviews
from intake_svc.decisions.life import NOUNS
from intake_svc.decisions.refusals import WrongState
from intake_svc.decisions.ticket import after

STAGES = ("first", "recheck", "final")


def review(ticket, stage, who, policy=POLICY):
    asked = events.TicketReviewed(stage=stage, verdict="ok")
    return reviews.reviewed(ticket, asked, actor("team_leader", who), policy)


def reviewed_by(ticket, *people):
    for stage, who in zip(STAGES, people, strict=False):
        ticket = after(ticket, review(ticket, stage, who))
    return ticket


def proposed(ticket, amount):
    return after(ticket, events.TicketSolutionProposed(remedy=ProposedRemedy(type="coupon", amount=amount)))


def test_reviews_come_in_order_none_skipped_none_twice():  # E5
    ticket = a_ticket()
    for due, early, who in (("first", "recheck", "lin"), ("recheck", "final", "wu"), ("final", "first", "zhao")):
        with pytest.raises(WrongState, match=f"next review stage is {due}"):
            review(ticket, early, who)
        fact = review(ticket, due, who)
        assert (fact.stage, fact.by) == (due, who)
        ticket = after(ticket, fact)
    with pytest.raises(WrongState, match="every review stage was passed"):
        review(ticket, "final", "chen")


def test_nobody_reviews_twice_and_the_refusal_says_what_they_did():  # E5
    ticket = reviewed_by(a_ticket(), "lin")
    with pytest.raises(WrongState, match="lin made the first review of this; the recheck one is for another person"):
        review(ticket, "recheck", "lin")
    ticket = reviewed_by(a_ticket(), "lin", "wu")
    for who in ("lin", "wu"):
        with pytest.raises(WrongState, match="for another person"):
            review(ticket, "final", who)
    assert review(ticket, "final", "zhao").by == "zhao"


def test_a_new_proposal_and_a_reopening_begin_the_reviews_anew():
    ticket = reviewed_by(a_ticket(), "lin", "wu", "zhao")
    assert review(proposed(ticket, 1), "first", "lin").stage == "first"
    assert review(after(ticket, events.TicketReopened(reason="again")), "first", "wu").stage == "first"


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({"level": 1}, True),
        ({"level": 2}, True),
        ({"level": 3}, False),
        ({"level": 4}, False),
        ({"level": 3, "tags": ["dispute"]}, True),
        ({"level": 3, "tags": ["important", "complex"]}, False),
        ({"tags": ["safety"]}, True),  # level 1 by default (RULEBOOK C)
        ({}, False),
    ],
)
def test_a_resolution_waits_where_the_level_is_1_or_2_or_the_ticket_is_a_dispute(fields, waits):  # E5
    assert reviews.missing(a_ticket(**fields), POLICY) == (STAGES if waits else ())


@pytest.mark.parametrize(("amount", "waits"), [(None, False), (20_000, False), (20_001, True)])
def test_a_resolution_waits_where_the_remedy_is_above_an_agents_limit(amount, waits):  # E5; the limit is CNY 200
    assert reviews.missing(proposed(a_ticket(), amount), POLICY) == (STAGES if waits else ())
    agreed = after(proposed(a_ticket(), 1), events.TicketSolutionAgreed(remedy=ProposedRemedy(type="x", amount=amount)))
    assert reviews.missing(agreed, POLICY) == (STAGES if waits else ())


def test_a_reopened_ticket_waits_once_its_level_has_gone_up_to_2():  # G4, E5
    ticket = a_ticket(level=3)
    assert reviews.missing(ticket, POLICY) == ()
    assert reviews.missing(after(ticket, events.TicketReopened(reason="again"), levels_up=1), POLICY) == STAGES


def test_the_refusal_of_a_resolution_names_the_reviews_that_are_missing():
    ticket = reviewed_by(a_ticket(level=1), "lin")
    with pytest.raises(WrongState, match="recheck, final"):
        reviews.must_be_reviewed(ticket, POLICY)
    assert "resolution" not in reviews.without_waiting(NOUNS, ticket, POLICY)
    whole = reviewed_by(a_ticket(level=1), "lin", "wu", "zhao")
    reviews.must_be_reviewed(whole, POLICY)
    assert reviews.without_waiting(NOUNS, whole, POLICY) == NOUNS


def test_without_a_rule_in_the_policy_nothing_waits_and_the_stages_are_still_in_order():
    policy = POLICY.model_copy(update={"reviews": None})
    ticket = a_ticket(level=1)
    reviews.must_be_reviewed(ticket, policy)
    with pytest.raises(WrongState, match="next review stage is first"):
        review(ticket, "final", "lin", policy)


def test_a_policy_with_two_stages_asks_for_two():
    rule = POLICY.reviews.model_copy(update={"stages": ("first", "final")})
    policy = POLICY.model_copy(update={"reviews": rule})
    ticket = after(a_ticket(level=1), review(a_ticket(), "first", "lin", policy))
    assert reviews.missing(ticket, policy) == ("final",)
    assert review(ticket, "final", "wu", policy).stage == "final"


def test_reviews_from_before_their_reviewers_were_kept_are_nobodys():
    ticket = replace(a_ticket(), reviews=("first",), reviewers=("",))
    assert review(ticket, "recheck", "lin").by == "lin"
