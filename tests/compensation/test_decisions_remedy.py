"""From a breach to decided, held or nothing (RULEBOOK B)."""

from datetime import timedelta

import pytest
from tests.compensation.facts import decided, lines_of, untouched, view
from tests.compensation.story import START, Story, item, order

from amends.events.compensation import Basis
from amends.events.registry import payload
from amends.money import Balance
from amends.policy.load import default_policy
from compensation_svc.decisions.remedy import Held, Seen, UnknownRow, decide, promised, remedy_id_of


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


@pytest.mark.parametrize(
    ("imported", "late_by", "remedies"),
    [
        (True, timedelta(seconds=1), 0),  # past when it arrived: the breach is all that follows (CONTRACT §3)
        (True, timedelta(0), 1),  # a deadline is met at its instant, so it was not past
        (True, timedelta(hours=-1), 1),
        (None, timedelta(seconds=1), 1),  # not imported: nothing is excused
    ],
)
def test_an_imported_tickets_deadline_that_was_past_when_it_arrived_gives_no_remedy(imported, late_by, remedies):
    told = Story()
    told.opened("refund_only", order=order(item("1", 10000)), imported=imported)
    breach = payload(told.breach("B1", due_at=(START - late_by).isoformat()))
    seen = Seen(untouched(told), None, 0)
    assert (decide(breach, view(told), default_policy(), seen) is not None) is bool(remedies)
    assert (promised(breach, default_policy(), view(told)) is not None) is bool(remedies)


def test_an_imported_tickets_past_deadline_is_not_held_either():
    told = Story()
    told.opened("exchange_out_of_stock", order=order(item("1", 10000)), imported=True)
    breach = payload(told.breach("B3", clock="refund_execute", due_at=(START - timedelta(hours=1)).isoformat()))
    assert decide(breach, view(told), default_policy(), Seen(untouched(told), None, 0)) is None


def test_two_tickets_that_share_a_line_replay_to_the_same_by_the_lines_in_their_basis():
    """CNY 100 and 50 paid, CNY 80 of line 1 gone to another ticket: order_left alone would say 70 for line 1."""
    told = story("refund_only", order=order(item("1", 10000), item("2", 5000, affected=False)))
    fact = decided(told, "B1", left=Balance(7000, {"1": 2000, "2": 5000}))
    assert (fact.amount, lines_of(fact)) == (2000, {"1": 2000})
    again = Basis.model_validate(fact.to_data()["basis"])
    replayed = decide(payload(told.breach("B1")), view(told), default_policy(), Seen.of(again))
    assert replayed.fact == fact
