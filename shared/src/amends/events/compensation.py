"""Events of remedies, published by compensation on `amends.compensation.v1` (CONTRACT §2).

CONTRACT lists no fields for `failed`, `reversed`, `appealed` and `appeal_decided`: they name their remedy, who and why.
"""

from typing import ClassVar

from amends.events.data import Amount, Count, EventData, Number, Part, Text
from amends.events.parts import Currency, Evidence, Party, RemedyLine
from amends.events.vocabulary import Approval, RemedyType


class Basis(Part):
    """What a decision saw of the balances, in minor units, so that a replay decides the same.

    `order_left` and `lines_left` (of every line) are absent without an order, `budget_left` without a budget.
    `customer_amount_90d`: what the counted remedies add up to.
    """

    order_left: Amount | None = None
    lines_left: tuple[RemedyLine, ...] | None = None
    budget_left: Amount | None = None
    customer_remedies_90d: Count
    customer_amount_90d: Amount | None = None


class CompensationDecided(EventData):
    """A remedy was decided; whether it is paid at once depends on `approval` and the tenant's payouts."""

    wire_type: ClassVar[str] = "amends.compensation.decided.v1"
    remedy_id: Text
    rule: Text
    clock: str | None = None
    run: Number | None = None
    step: Number | None = None
    remedy: RemedyType
    amount: Amount
    currency: Currency
    lines: tuple[RemedyLine, ...] | None = None
    payer: Party
    approval: Approval
    reason: str | None = None
    basis: Basis
    policy_version: Number


class CompensationHeld(EventData):
    """A precondition is missing (rule B3: goods not back yet); `decided` follows when it comes true."""

    wire_type: ClassVar[str] = "amends.compensation.held.v1"
    rule: Text
    clock: Text
    run: Number
    step: Number
    reason: Text


class CompensationApproved(EventData):
    """A person approved. In `simulate`, no `remedy_id` means the oldest that waits (CONTRACT §4)."""

    wire_type: ClassVar[str] = "amends.compensation.approved.v1"
    remedy_id: str | None = None
    by: str | None = None
    reason: str | None = None


class CompensationRejected(EventData):
    """A person rejected. In `simulate`, no `remedy_id` means the oldest that waits (CONTRACT §4)."""

    wire_type: ClassVar[str] = "amends.compensation.rejected.v1"
    remedy_id: str | None = None
    by: str | None = None
    reason: str | None = None


class CompensationIssued(EventData):
    """The storefront carried it out; `external_reference` is its own id of the movement."""

    wire_type: ClassVar[str] = "amends.compensation.issued.v1"
    remedy_id: Text
    external_reference: str


class CompensationFailed(EventData):
    wire_type: ClassVar[str] = "amends.compensation.failed.v1"
    remedy_id: Text
    reason: str | None = None


class CompensationReversed(EventData):
    wire_type: ClassVar[str] = "amends.compensation.reversed.v1"
    remedy_id: Text
    by: str | None = None
    reason: str | None = None


class CompensationChargedBack(EventData):
    """The responsible party pays what was issued; it may appeal (RULEBOOK P1).

    `rule` of `policy_version` gave the remedy; `reason` says it in words.
    """

    wire_type: ClassVar[str] = "amends.compensation.charged_back.v1"
    remedy_id: str | None = None
    party: Party
    amount: Amount
    currency: Currency | None = None
    rule: Text
    policy_version: Number | None = None
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()


class CompensationAppealed(EventData):
    wire_type: ClassVar[str] = "amends.compensation.appealed.v1"
    remedy_id: Text
    by: str | None = None
    reason: str | None = None


class CompensationAppealDecided(EventData):
    """A person decided: `upheld`, the charge stands; `overturned`, the platform carries it again."""

    wire_type: ClassVar[str] = "amends.compensation.appeal_decided.v1"
    remedy_id: Text
    verdict: str | None = None
    by: str | None = None
    reason: str | None = None
