"""How much one customer may get before a person looks (policy `amounts.customer_cap`). Minor units, pure."""

from dataclasses import dataclass

from amends.policy.amounts import CustomerCap
from compensation_svc.decisions.sentences import Reason, said


@dataclass(frozen=True, slots=True)
class Given:
    """What a customer was given in the 90 days before a decision: how many remedies, and their sum.

    The sum is of remedies in the policy's currency: an amount in another says nothing of the cap.
    """

    remedies: int = 0
    amount: int = 0


def has_cap(cap: CustomerCap) -> bool:
    """Say whether there is any cap."""
    return cap.remedies_90d_max is not None or cap.amount_90d_max is not None


def beyond_cap(
    amount: int, currency: str, given: Given, cap: CustomerCap, *, policy_currency: str
) -> tuple[Reason, ...]:
    """Return why this remedy is more than a customer gets without a person's approval; at the cap it is not."""
    reasons = []
    count_max, amount_max = cap.remedies_90d_max, cap.amount_90d_max
    if count_max is not None and given.remedies + 1 > count_max:
        text = f"it is the customer's remedy number {given.remedies + 1} in 90 days, above the cap of {count_max}"
        reasons.append(Reason(text, said("ask_customer_count", number=given.remedies + 1, most=count_max)))
    total = given.amount + amount
    if amount_max is not None and currency == policy_currency and total > amount_max:
        text = f"with it the customer gets {total} in 90 days, above the cap of {amount_max}"
        reasons.append(Reason(text, said("ask_customer_amount", amount=total, limit=amount_max, currency=currency)))
    return tuple(reasons)
