"""Double entry: every movement takes from one account what it gives to another, so all entries sum to zero. Pure.

Accounts are `kind:id`. What the platform carries until somebody is found stands on `platform:suspense`; what is promised
and not paid yet on `platform:reserved`; what customers got on `customer:…`; a party that pays is below zero by it.
"""

from dataclasses import dataclass
from typing import Literal

from amends.events.parts import Party

Kind = Literal["reservation", "release", "issue", "chargeback", "reversal", "appeal"]

SUSPENSE = "platform:suspense"
RESERVED = "platform:reserved"


@dataclass(frozen=True, slots=True)
class Movement:
    """Money from one account to another, in minor units of one currency; `amount` > 0."""

    kind: Kind
    source: str
    target: str
    amount: int
    currency: str


def account(kind: str, name: str) -> str:
    """Return the account of a party or customer."""
    return f"{kind}:{name}"


def reserve(amount: int, currency: str) -> Movement:
    """Promise: set aside, before any call."""
    return Movement("reservation", SUSPENSE, RESERVED, amount, currency)


def release(amount: int, currency: str) -> Movement:
    """Take a promise back: rejected, or the storefront refused."""
    return Movement("release", RESERVED, SUSPENSE, amount, currency)


def issue(amount: int, currency: str, customer_id: str) -> Movement:
    """Pay what was promised."""
    return Movement("issue", RESERVED, account("customer", customer_id), amount, currency)


def charge_back(amount: int, currency: str, party: Party) -> Movement:
    """Have the responsible party pay what the platform carried."""
    return Movement("chargeback", account(party.kind, party.id), SUSPENSE, amount, currency)


def reverse(amount: int, currency: str, customer_id: str, charged: Party | None) -> Movement:
    """Take back what was issued: whoever carries it, the charged party or suspense, is as before.

    It says what is owed, not where the money is: the storefront's API gives nothing back.
    """
    target = SUSPENSE if charged is None else account(charged.kind, charged.id)
    return Movement("reversal", account("customer", customer_id), target, amount, currency)


def overturn(amount: int, currency: str, charged: Party) -> Movement:
    """Have the platform carry again what a party was charged with: its appeal was right."""
    return Movement("appeal", SUSPENSE, account(charged.kind, charged.id), amount, currency)
