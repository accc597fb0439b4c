"""The money of a policy: vouchers, limits, severity and the days' budgets (RULEBOOK B, Amounts). Minor units."""

from typing import Annotated, Literal

from pydantic import Field

from amends.policy.values import Frozen, Many, Minor, Percent, Severity


class VoucherAmount(Frozen):
    """A cash voucher: percent of the affected items' paid amount by severity, half-up, then held between two bounds.

    Without an order it is `amount_min`.
    """

    percent_by_severity: dict[Severity, Percent]
    amount_min: Minor
    amount_max: Minor


class RefundAmount(Frozen):
    """A full refund: when the order's shipping fee comes back too, beside the paid amount of the affected items."""

    shipping: Literal["never", "all_affected_and_customer_not_liable"]


class Limits(Frozen):
    """Up to which amount, the limit included, a role may approve; a manager has none.

    `automatic`: an automatic remedy *above* it waits for approval.
    """

    agent: Minor
    team_leader: Minor
    automatic: Minor


class CustomerCap(Frozen):
    """How much one customer may get before a person looks: counted over the 90 days before a decision, this one included.

    A remedy of any kind that would be more than the `remedies_90d_max`-th, or bring their sum above `amount_90d_max`,
    waits for approval and says so. None: no cap. Remedies that were rejected, failed or reversed do not count.
    """

    remedies_90d_max: int | None = Field(default=None, ge=0)
    amount_90d_max: Minor | None = None


class Payer(Frozen):
    """Who carries a remedy."""

    kind: str
    id: str


class Amounts(Frozen):
    """Every amount that decisions read. `high_value_from`: from this affected value on, a ticket is high value (J1)."""

    voucher: VoucherAmount
    full_refund: RefundAmount
    severity_by_level: dict[Annotated[int, Field(ge=1, le=4)], Severity]
    limits: Limits
    customer_cap: CustomerCap = CustomerCap()
    high_value_from: Minor
    payer_unknown: Payer


class Budgets(Frozen):
    """The most that automatic and approved remedies of one day (of the breach's due time, tenant's zone) may cost.

    None: no budget.
    """

    per_day: Minor | None = None


class Levels(Frozen):
    """The level of a ticket that was given none (RULEBOOK C).

    The strictest of `by_tag`, else `by_kind`, else `otherwise`; then one step up, never past 1, for each of `step_up`.
    `repeat_within_days`: a second complaint on one order within so many days carries the tag `repeat`.
    """

    by_tag: dict[str, Annotated[int, Field(ge=1, le=4)]]
    by_kind: dict[str, Annotated[int, Field(ge=1, le=4)]]
    otherwise: Annotated[int, Field(ge=1, le=4)]
    step_up: Many[str]
    repeat_within_days: Annotated[int, Field(ge=1)]
