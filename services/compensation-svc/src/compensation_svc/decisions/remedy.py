"""From a breach to the remedy that the policy promises: decided, held, or nothing (RULEBOOK B). Pure."""

import json
from dataclasses import field
from uuid import NAMESPACE_URL, UUID, uuid5

from amends.events.compensation import Basis, CompensationDecided, CompensationHeld
from amends.events.parts import Party, RemedyLine
from amends.events.sla import SlaDeadlineBreached
from amends.frozen import frozen
from amends.instants import format_instant
from amends.money import Balance
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from amends.policy.steps import RemedyStep
from compensation_svc.decisions.amounts import RemedyAmount, amount_of
from compensation_svc.decisions.approval import SHADOW_MODE, Circumstances, Mode, reasons_to_ask
from compensation_svc.decisions.cap import Given, beyond_cap
from compensation_svc.decisions.sentences import Reason, Said, said
from compensation_svc.decisions.ticket import TicketView

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:amends:remedy")


@frozen
class Seen:
    """What a decision sees beside the ticket: balances in minor units, and how the tenant pays out.

    A replay hands in what the recorded `basis` says.
    """

    left: Balance | None
    budget_left: int | None
    customer_remedies_90d: int
    mode: Mode = "automatic"
    customer_amount_90d: int = 0

    @property
    def given(self) -> Given:
        """Return what the customer was given before."""
        return Given(self.customer_remedies_90d, self.customer_amount_90d)

    def basis(self) -> Basis:
        """Return it as it stands in `decided`."""
        return Basis(
            order_left=self.left.order if self.left else None,
            lines_left=tuple(RemedyLine(line_id=line, amount=left) for line, left in self.left.lines.items())
            if self.left
            else None,
            budget_left=self.budget_left,
            customer_remedies_90d=self.customer_remedies_90d,
            customer_amount_90d=self.customer_amount_90d,
        )

    @classmethod
    def of(cls, basis: Basis, *, mode: Mode = "automatic") -> "Seen":
        """Return what a recorded decision saw, so that a replay decides the same."""
        left = None
        if basis.order_left is not None:
            left = Balance(basis.order_left, {line.line_id: line.amount for line in basis.lines_left or ()})
        return cls(left, basis.budget_left, basis.customer_remedies_90d, mode, basis.customer_amount_90d or 0)


@frozen
class Decided:
    """A remedy that was decided: the fact to publish, and the reckoning behind it, a sentence each."""

    fact: CompensationDecided
    steps: tuple[Said, ...]


@frozen
class Held:
    """A remedy whose precondition is missing; it is decided as of the breach when that comes true."""

    remedy_id: UUID
    fact: CompensationHeld
    remedy: str
    steps: tuple[Said, ...] = field(default=())


class UnknownRow(ValueError):  # noqa: N818 - it says what the policy does not know
    """The breach names a clock and rule that the ticket's policy version does not have."""


def remedy_id_of(tenant: str, ticket_id: str, clock: str, step: int) -> UUID:
    """Return the id of an automatic remedy: the same for ever, whatever is delivered twice, late or out of order."""
    return uuid5(_NAMESPACE, json.dumps([tenant, ticket_id, clock, step]))


def promised(breach: SlaDeadlineBreached, policy: Policy, view: TicketView | None = None) -> RemedyStep | None:
    """Return the remedy that the breached row promises at this step, if any.

    `view`: with it, also None for what was past when an imported ticket arrived.

    Raises:
        UnknownRow: the policy has no such row.
    """
    if view is not None and past_when_imported(breach, view):
        return None
    return _row(breach, policy).remedy(1 if breach.step == 1 else 2)


def past_when_imported(breach: SlaDeadlineBreached, view: TicketView) -> bool:
    """Say whether an imported ticket's deadline was past when it arrived: the breach is all that follows (CONTRACT §3)."""
    return bool(view.opened.imported) and breach.due_at < view.opened_at


def decide(
    breach: SlaDeadlineBreached, view: TicketView, policy: Policy, seen: Seen, *, goods_returned: bool | None = None
) -> Decided | Held | None:
    """Decide a breach from the ticket's events 1…as_of (`view`): a remedy, a hold (B3), or nothing.

    `goods_returned` True: the precondition came true after the breach; all else stays as of the breach.

    Raises:
        UnknownRow: the policy has no row of the breach's clock and rule.
    """
    step = promised(breach, policy, view)
    if step is None:
        return None
    returned = view.goods_returned if goods_returned is None else goods_returned
    if step.precondition == "goods_returned" and not returned:
        return _held(breach, view, step)
    return _decided(breach, view, policy, step, seen)


def _row(breach: SlaDeadlineBreached, policy: Policy) -> ClockRow:
    row = policy.row(breach.clock, breach.rule)
    if row is None:
        raise UnknownRow(f"the policy has no row {breach.rule}/{breach.clock}")
    return row


def _held(breach: SlaDeadlineBreached, view: TicketView, step: RemedyStep) -> Held:
    fact = CompensationHeld(
        rule=breach.rule,
        clock=breach.clock,
        run=breach.run,
        step=breach.step,
        reason="waits until the goods are back with the seller",
    )
    remedy_id = remedy_id_of(view.tenant, view.ticket_id, breach.clock, breach.step)
    return Held(remedy_id, fact, step.remedy, (*_ground(breach, step), said("held_goods_returned")))


def _decided(breach: SlaDeadlineBreached, view: TicketView, policy: Policy, step: RemedyStep, seen: Seen) -> Decided:
    currency = view.order.currency if view.order else policy.currency
    found = amount_of(step, view, policy, seen.left)
    around = Circumstances(
        row_requires=step.approval == "required",
        currency=currency,
        currency_known=currency == policy.currency,
        budget_left=seen.budget_left,
        in_outage=bool(breach.in_outage),
        mode=seen.mode,
        beyond_cap=beyond_cap(
            found.amount, currency, seen.given, policy.amounts.customer_cap, policy_currency=policy.currency
        ),
    )
    asks = reasons_to_ask(found.amount, policy.amounts.limits, around)
    payer = view.payer_found or Party(**policy.amounts.payer_unknown.model_dump())
    fact = CompensationDecided(
        remedy_id=str(remedy_id_of(view.tenant, view.ticket_id, breach.clock, breach.step)),
        rule=breach.rule,
        clock=breach.clock,
        run=breach.run,
        step=breach.step,
        remedy=step.remedy,
        amount=found.amount,
        currency=currency,
        lines=found.lines or None,
        payer=payer,
        approval="required" if asks else "none",
        reason=reason_text(found, asks, seen.mode),
        basis=seen.basis(),
        policy_version=view.opened.policy_version or 1,
    )
    steps = (*_ground(breach, step), *found.steps, *_ends(found, fact, asks, seen.mode))
    return Decided(fact, steps)


def reason_text(found: RemedyAmount, asks: tuple[Reason, ...], mode: Mode) -> str | None:
    """Return why a remedy is not simply paid in full now; None when it is."""
    shadow = (SHADOW_MODE,) if mode == "shadow" and found.amount else ()
    reasons = ((found.reason,) if found.reason else ()) + asks + shadow
    return "; ".join(reason.text for reason in reasons) or None


def _ground(breach: SlaDeadlineBreached, step: RemedyStep) -> tuple[Said, ...]:
    missed = said("missed", rule=breach.rule, clock=breach.clock, run=breach.run, due_at=format_instant(breach.due_at))
    known = said("known", sequence=breach.as_of_sequence)
    return missed, known, said("promised", step=breach.step, remedy=step.remedy, amount_rule=step.amount)


def _ends(found: RemedyAmount, fact: CompensationDecided, asks: tuple[Reason, ...], mode: Mode) -> tuple[Said, ...]:
    sentences = [said("amount_is", amount=found.amount, currency=fact.currency)]
    if found.reason:
        sentences.append(found.reason.said)
    if found.amount:
        sentences.append(said("carried_by", party_kind=fact.payer.kind, party=fact.payer.id))
        sentences += [reason.said for reason in asks]
        if mode == "shadow":
            sentences.append(SHADOW_MODE.said)
    return tuple(sentences)
