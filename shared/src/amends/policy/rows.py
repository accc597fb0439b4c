"""Clock rows: which ticket, from when to when, how long, and what a miss sets off."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from amends.policy.steps import BreachStep, EscalateStep, PenaltyStep, RemedyStep, StartClockStep, Step, WarnStep
from amends.policy.values import ClockName, Duration, Frozen, Many

RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]

Start = Literal[
    "opened",  # at the ticket's accepted_at
    "opened_live",  # the same, in service time on a staffed channel
    "opened_queued",  # the same, on any other channel, or outside service time
    "department_asked",
    "first_breach",  # at the due_at that dept_reply missed
    "agreed",  # a time agreed with the customer: the due time is that time, the row has no target (F2)
    "resolved",
]
Stop = Literal[
    "contacted_by_agent",
    "contacted_by_robot_while_on",
    "contacted_about_progress_or_result",
    "contacted_about_offer_with_amount",
    "solution_proposed",
    "solution_proposed_with_amount",
    "solution_executed",
    "compensation_issued",
    "department_replied_effectively",
    "assessed",
    "liability_found",
    "revisit_reached_customer",
    "resolved",
    "feedback_given",
]
Pause = Literal["waiting_for_customer"]
"""When a clock stands still: from `customer_asked` until the next `customer_replied`."""
InvoiceField = Literal["delivery_method", "carrier", "waybill", "email_sent_to"]


class Scope(Frozen):
    """Which tickets a row is for. Empty fields ask nothing; `tags` must all be there, of the other lists one must match."""

    tenant: str | None = None
    tags: Many[str] = ()
    case_type: Many[str] = ()
    level: Many[Annotated[int, Field(ge=1, le=4)]] = ()
    channel: Many[str] = ()
    kind: Many[str] = ()

    @property
    def specificity(self) -> tuple[int, int, int, int, int, int]:
        """Return what is compared, left to right: tenant > tags > case type > level > channel > kind > default."""
        return (
            int(self.tenant is not None),
            len(set(self.tags)),
            int(bool(self.case_type)),
            int(bool(self.level)),
            int(bool(self.channel)),
            int(bool(self.kind)),
        )


class ReplyWindow(Frozen):
    """Accepted in [`since`, `until`) by the tenant's wall clock: due at `by`, `days` later (F1)."""

    since: ClockTime
    until: ClockTime
    by: ClockTime
    days: int = Field(default=0, ge=0)


class ClockRow(Frozen):
    """One row of the policy: a clock for the tickets in its scope.

    `id` is the rule it carries and, with `clock`, its name. Exactly one of `target` (elapsed, or time of `calendar` when
    one is named), `working_days` (the closing instant of the nth, by `calendar`), `window`, or none for `start: agreed`.
    `warn_at` is the part of the target after which a warning is due, in the clock's own time; null: no warning.
    `reply_requires`: invoice fields without which a department's answer stops nothing. `restarts`: a new run follows
    each met one, while the ticket is open. `pauses`: when its time does not count; never for a department's clocks.
    """

    id: RuleId
    clock: ClockName
    scope: Scope = Scope()
    start: Start
    stop: Many[Stop]
    target: Duration | None = None
    working_days: int | None = Field(default=None, ge=1)
    window: tuple[ReplyWindow, ...] = ()
    calendar: str | None = None
    warn_at: float | None = Field(default=0.8, gt=0, lt=1)
    restarts: bool = False
    reply_requires: Many[InvoiceField] = ()
    pauses: Many[Pause] = ()
    on_breach: tuple[Step, ...] = ()
    source: Many[str] = ()

    @property
    def name(self) -> str:
        """Return how findings and explanations call this row: `B6/dept_reply`."""
        return f"{self.id}/{self.clock}"

    @property
    def waits_for_customer(self) -> bool:
        """Whether the clock stands still while the customer is asked and has not replied."""
        return "waiting_for_customer" in self.pauses

    def remedy(self, step: BreachStep) -> RemedyStep | None:
        """Return the remedy that a breach of this step decides, if any."""
        return next((s for s in self.on_breach if isinstance(s, RemedyStep) and s.step == step), None)

    def warnings(self, step: BreachStep) -> tuple[WarnStep, ...]:
        """Return who is warned at a breach of this step."""
        return tuple(s for s in self.on_breach if isinstance(s, WarnStep) and s.step == step)

    def escalations(self, step: BreachStep) -> tuple[EscalateStep, ...]:
        """Return who the ticket goes up to at a breach of this step."""
        return tuple(s for s in self.on_breach if isinstance(s, EscalateStep) and s.step == step)

    def penalty(self, step: BreachStep) -> PenaltyStep | None:
        """Return the penalty of this step, if any."""
        return next((s for s in self.on_breach if isinstance(s, PenaltyStep) and s.step == step), None)

    def started_clocks(self, step: BreachStep) -> tuple[ClockName, ...]:
        """Return the clocks that a breach of this step starts, at its due time."""
        return tuple(s.start_clock for s in self.on_breach if isinstance(s, StartClockStep) and s.step == step)

    @property
    def second_step_after(self) -> timedelta | None:
        """Return how long after the first due time this same clock breaches again (step 2), if it does (G1)."""
        return next((s.after for s in self.on_breach if isinstance(s, EscalateStep) and s.after is not None), None)
