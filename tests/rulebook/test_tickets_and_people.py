"""RULEBOOK A, E, G: the rules about tickets and people that are no clock and no amount, by what the services do of them."""

import itertools

import pytest
from tests.compensation.facts import decided
from tests.compensation.story import Story, item, order
from tests.intake.cases import LIMITS, NOW, a_ticket, opening_event
from tests.rulebook.rules import POLICY, row_of, ticket

from amends.policy.choose import row_for
from compensation_svc.decisions.approval import within_limit
from intake_svc.decisions.life import allowed
from intake_svc.decisions.numbers import category_of
from intake_svc.decisions.steps import read_step


@pytest.mark.parametrize(
    ("case_type", "code", "filed"),
    [
        ("complaint_logistics", 2_001, "D2"),  # by its complaint code
        ("other", 3_500, "D3"),
        ("e_invoice", None, "B9"),  # else by its case type
        ("repair", None, "B12"),
    ],
)
def test_the_system_files_a_ticket_by_its_type_a13(case_type: str, code: int | None, filed: str) -> None:
    assert category_of(POLICY, case_type, code) == filed


def test_a_ticket_holds_every_field_of_its_file_e1() -> None:
    given = {
        "channel": "social",
        "kind": "complaint",
        "case_type": "complaint_quality",  # the reason, with its code
        "complaint_code": 1_001,
        "level": 2,  # its priority
        "owner": "amy",
        "department": "quality",
        "occurred_at": "2026-05-12T09:00:00Z",
        "evidence": [{"id": kind, "kind": kind} for kind in ("photo", "screenshot", "video")],
        "description": "壶盖碎了",
        "demand": "退货",
    }
    opened, held = opening_event(**given).to_data(), a_ticket(**given)
    for field in ("channel", "kind", "case_type", "complaint_code", "level", "owner", "department"):
        assert opened[field] == given[field], field
    assert [piece["kind"] for piece in opened["evidence"]] == ["photo", "screenshot", "video"]
    assert (opened["order"]["order_id"], len(opened["order"]["items"])) == ("o-1", 2)
    assert opened["customer"]["customer_id"] == "c-1"
    assert (held.description, held.demand, held.status) == ("壶盖碎了", "退货", "received")
    # Progress, measures, replies and feedback come as steps of its life.
    assert {"assessment", "proposals", "executions", "department-replies", "customer-replies"} <= {
        *allowed(a_ticket(state={"asked": True}))
    }


def test_an_assessment_a_finding_of_liability_or_a_proposal_ends_the_assessing_e8() -> None:
    row = row_of("assess", kind="after_sales")
    assert set(row.stop) == {"assessed", "liability_found", "solution_proposed"}
    assert {"assessment", "liability", "proposals"} <= set(allowed(a_ticket()))


@pytest.mark.parametrize("tag", ["safety", "injury"])
def test_cases_of_safety_come_first_with_the_shortest_deadlines_e9(tag: str) -> None:
    urgent = ticket(kind="complaint", tags=[tag])
    assert urgent.level == 1
    for clock in ("level_response", "level_solution"):
        mine = row_for(POLICY, clock, urgent)  # type: ignore[arg-type]
        others = [row_of(clock, kind="complaint", level=level) for level in (2, 3)]
        assert mine is not None
        assert mine.target is not None
        assert all(row.target is not None and mine.target < row.target for row in others)


def test_the_department_answers_for_the_goods_and_the_owner_for_the_result_e10() -> None:
    told = Story()
    told.opened("refund_only", order=order(item("1", 10_000)))
    told.liable("department", "warehouse")
    payer = decided(told, "B1").payer
    assert (payer.kind, payer.id) == ("department", "warehouse")
    penalty = row_of("escalate").penalty(1)
    assert penalty is not None
    assert penalty.penalty == "owner"


def test_any_call_or_chat_becomes_a_ticket_with_its_deadlines_e13() -> None:
    for channel, kind in itertools.product(POLICY.channels.staffed, POLICY.kinds):
        opened = opening_event(channel=channel, kind=kind).to_data()
        assert (opened["channel"], opened["kind"]) == (channel, kind)
        for clock in ("connect", "ack", "progress_reply", "escalate", "contact_interval"):
            assert row_of(clock, channel=channel, kind=kind) is not None


def test_what_is_beyond_ones_authority_goes_up_g3() -> None:
    limits = POLICY.amounts.limits
    assert within_limit(limits.agent, "specialist", limits)
    assert not within_limit(limits.agent + 1, "specialist", limits)  # waits for the team leader
    assert not within_limit(limits.team_leader + 1, "team_leader", limits)  # for the manager
    assert within_limit(10**9, "manager", limits)
    asked = read_step("escalations", {"to": "team_leader", "reason": "above my limit"}, LIMITS, NOW)
    assert asked.to_data()["to"] == "team_leader"
    told = {(row.template, row.to) for row in POLICY.messages if row.when.event == "ticket.escalated"}
    assert told == {("escalation", "escalated_to")}


def test_a_complex_question_goes_to_seniors_by_itself_g5() -> None:
    row = row_of("solve", tags=["complex"])
    assert [step.escalate for step in row.escalations(1)] == ["team_leader"]
    assert [step.escalate for step in row_of("escalate", tags=["complex"]).escalations(2)] == ["manager"]
