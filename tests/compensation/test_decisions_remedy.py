"""From a breach to decided, held or nothing (RULEBOOK B)."""

import pytest
from tests.compensation.facts import decided, untouched, view
from tests.compensation.story import Story, item, order

from amends.events.registry import payload
from amends.policy.load import default_policy
from compensation_svc.decisions.remedy import Held, Seen, UnknownRow, decide, remedy_id_of


def story(case_type: str, **opened) -> Story:
    told = Story()
    told.opened(case_type, **({"order": order(item("1", 10000))} | opened))
    return told


def outcome(told: Story, rule: str, **breach):
    return decide(payload(told.breach(rule, **breach)), view(told), default_policy(), Seen(untouched(told), None, 0))


@pytest.mark.parametrize(
    ("rule", "case_type", "remedy"),
    [
        ("B1", "return_refund", "full_refund"),
        ("B1", "exchange", "full_refund"),
        ("B2", "abnormal_refund", "full_refund"),
        ("B4", "short_shipment", "partial_refund"),
        ("B6", "late_dispatch", "cash_voucher"),
        ("B7", "signed_not_received", "full_refund"),
        ("B8", "paper_invoice", "cash_voucher"),
        ("B9", "e_invoice", "cash_voucher"),
    ],
)
def test_the_first_breach_gives_what_the_row_promises(rule, case_type, remedy):
    fact = decided(story(case_type), rule)
    assert (fact.rule, fact.clock, fact.run, fact.step, fact.remedy) == (rule, "dept_reply", 1, 1, remedy)
    assert (fact.approval, fact.reason, fact.policy_version) == ("none", None, 1)


@pytest.mark.parametrize(("rule", "approval"), [("B6", "none"), ("B8", "required"), ("B9", "required")])
def test_the_second_breach_refunds_in_full_and_invoices_ask_the_supervisor(rule, approval):
    fact = decided(story("late_delivery"), rule, clock="dept_reply_second", step=2)
    assert (fact.remedy, fact.amount, fact.step, fact.approval) == ("full_refund", 10000, 2, approval)


@pytest.mark.parametrize(
    ("rule", "clock", "step"),
    [
        ("B11", "dept_reply", 1),
        ("B5", "goodwill_offer", 1),
        ("G1", "escalate", 1),
        ("G1", "escalate", 2),
        ("A5", "ack", 1),
    ],
)
def test_a_breach_whose_row_promises_no_remedy_gives_nothing(rule, clock, step):
    assert outcome(story("other"), rule, clock=clock, step=step) is None


def test_a_row_that_the_policy_does_not_have_is_an_error_not_silence():
    with pytest.raises(UnknownRow):
        outcome(story("other"), "Z9")


def test_b3_waits_until_the_goods_are_back():
    held = outcome(story("exchange_out_of_stock"), "B3", clock="refund_execute")
    assert isinstance(held, Held)
    assert held.fact.reason == "waits until the goods are back with the seller"


def test_b3_with_the_goods_back_before_the_deadline_is_decided_at_once():
    told = story("return_filed_as_exchange")
    told.tell("goods_returned")
    assert decided(told, "B3", clock="refund_execute").amount == 10000


def test_the_payer_is_the_party_known_as_of_the_breach():
    told = story("refund_only")
    told.liable("department", "warehouse")
    assert decided(told, "B1").payer.model_dump() == {"kind": "department", "id": "warehouse"}


@pytest.mark.parametrize("party", [None, "customer"])
def test_without_a_responsible_party_the_platform_carries_it_in_suspense(party):
    told = story("refund_only")
    if party:
        told.liable(party)
    assert decided(told, "B1").payer.model_dump() == {"kind": "platform", "id": "suspense"}


def test_the_first_party_found_stands():
    told = story("refund_only")
    told.liable("carrier", "swift")
    told.liable("department", "warehouse")
    assert decided(told, "B1").payer.id == "swift"


def test_the_basis_says_what_was_seen():
    assert decided(story("refund_only"), "B1", budget_left=700_00).basis.model_dump() == {
        "order_left": 10000,
        "lines_left": ({"line_id": "1", "amount": 10000},),
        "budget_left": 70000,
        "customer_remedies_90d": 0,
        "customer_amount_90d": 0,
    }


def test_the_id_is_the_same_for_ever_and_differs_by_tenant_ticket_clock_and_step():
    one = remedy_id_of("demo", "T-1", "dept_reply", 1)
    assert one == remedy_id_of("demo", "T-1", "dept_reply", 1)
    assert one.version == 5
    others = [("x", "T-1", "dept_reply", 1), ("demo", "T-2", "dept_reply", 1), ("demo", "T-1", "refund_execute", 1)]
    ids = {remedy_id_of(*parts) for parts in (*others, ("demo", "T-1", "dept_reply", 2))}
    assert len(ids | {one}) == 5


def test_the_same_input_gives_the_same_decision():
    told = story("refund_only")
    assert decided(told, "B1") == decided(told, "B1")


def test_shadow_mode_is_said_in_the_reason():
    assert decided(story("refund_only"), "B1", mode="shadow").reason == "payouts are in shadow mode: recorded, not paid"
