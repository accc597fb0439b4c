"""What a breach sets off, as data: the entries of a row's `on_breach`."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from amends.policy.values import ClockName, Duration, Frozen, Many, Minor, Percent, RemedyType, StaffRole

AmountRule = Literal["affected_in_full", "missing_share", "by_severity", "percent_of_paid"]
"""How a remedy's amount is found (RULEBOOK B, Amounts): the whole price of the affected items, the share of what is
missing, the percentage that the ticket's severity names, or the step's own percentage of what was paid for the
affected items."""

BreachStep = Literal[1, 2]


class RemedyStep(Frozen):
    """A remedy that the breach decides by itself. `precondition` unmet: the remedy is held until it comes true.

    `percent`, `amount_min`, `amount_max` belong to `percent_of_paid` alone: so much of what was paid for the affected
    items, half-up, then at least and at most so much where said. Without an order: `amount_min`, else nothing.
    """

    remedy: RemedyType
    step: BreachStep = 1
    amount: AmountRule
    percent: Percent | None = None
    amount_min: Minor | None = None
    amount_max: Minor | None = None
    approval: Literal["none", "required"] = "none"
    precondition: Literal["goods_returned"] | None = None


class WarnStep(Frozen):
    """Somebody is told that the deadline was missed; nothing else changes."""

    warn: StaffRole
    step: BreachStep = 1


class EscalateStep(Frozen):
    """The ticket goes up to a role. `after`: so long after the missed due time, if the clock still runs (G1's manager)."""

    escalate: StaffRole
    step: BreachStep = 1
    after: Duration | None = None


class PenaltyStep(Frozen):
    """A ledger entry against the owner (G2), once per ticket. `unless`: what, before the breach, excuses it."""

    penalty: Literal["owner"]
    step: BreachStep = 1
    rule: str
    amount: Minor
    unless: Many[Literal["escalated", "extended"]] = ()


class StartClockStep(Frozen):
    """Another clock starts at the missed due time itself, however late the breach was found."""

    start_clock: ClockName
    step: BreachStep = 1


_KEYS = ("remedy", "warn", "escalate", "penalty", "start_clock")


def _which(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((key for key in _KEYS if key in value), None)
    return next((key for key in _KEYS if hasattr(value, key)), None)


Step = Annotated[
    Annotated[RemedyStep, Tag("remedy")]
    | Annotated[WarnStep, Tag("warn")]
    | Annotated[EscalateStep, Tag("escalate")]
    | Annotated[PenaltyStep, Tag("penalty")]
    | Annotated[StartClockStep, Tag("start_clock")],
    Discriminator(
        _which,
        custom_error_type="unknown_step",
        custom_error_message="unknown step: it needs one of remedy, warn, escalate, penalty, start_clock",
    ),
]
