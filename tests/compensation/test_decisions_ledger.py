"""Double entry: every movement takes what it gives."""

from hypothesis import given
from hypothesis import strategies as st

from amends.events.parts import Party
from compensation_svc.decisions import ledger
from compensation_svc.decisions.ledger import Movement


def entries(movement: Movement) -> list[tuple[str, int]]:
    return [(movement.source, -movement.amount), (movement.target, movement.amount)]


def standing(*movements: Movement) -> dict[str, int]:
    sums: dict[str, int] = {}
    for movement in movements:
        for account, amount in entries(movement):
            sums[account] = sums.get(account, 0) + amount
    return {account: amount for account, amount in sums.items() if amount}


@given(st.integers(1, 10**12))
def test_a_remedy_that_is_charged_back_is_paid_by_the_party_alone(amount):
    party = Party(kind="department", id="warehouse")
    moves = (
        ledger.reserve(amount, "CNY"),
        ledger.issue(amount, "CNY", "C-1"),
        ledger.charge_back(amount, "CNY", party),
    )
    assert standing(*moves) == {"customer:C-1": amount, "department:warehouse": -amount}


def test_without_a_party_the_suspense_account_carries_it():
    assert standing(ledger.reserve(500, "CNY"), ledger.issue(500, "CNY", "C-1")) == {
        "customer:C-1": 500,
        "platform:suspense": -500,
    }


def test_a_release_undoes_the_promise():
    assert standing(ledger.reserve(500, "CNY"), ledger.release(500, "CNY")) == {}
