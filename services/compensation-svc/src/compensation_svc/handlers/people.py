"""What people do with remedies: propose, approve, reject (RULEBOOK B, Limits)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from amends.auth import Principal
from amends.db import Tx
from amends.events.compensation import CompensationApproved, CompensationRejected
from amends.policy.values import RemedyType
from compensation_svc.decisions.approval import limit_of, within_limit
from compensation_svc.decisions.budget import day_of
from compensation_svc.decisions.proposal import Impossible, Proposal, propose
from compensation_svc.decisions.reviews import reviews_missing, reviews_needed
from compensation_svc.decisions.ticket import view_of
from compensation_svc.handlers import balancing
from compensation_svc.handlers.deciding import policy_of, save
from compensation_svc.handlers.ports import Ports
from compensation_svc.handlers.refusals import NotNow, NotPossible, NotYours, UnknownRemedy, UnknownTicket
from compensation_svc.store import balances, jobs, payouts, remedies, remedy_changes, tickets
from compensation_svc.store.remedies import Remedy
from compensation_svc.store.remedy_changes import Start


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for."""

    ticket_id: str
    remedy: RemedyType
    amount: int
    currency: str | None
    lines: Mapping[str, int]
    reason: str | None


async def proposed(tx: Tx, ports: Ports, caller: Principal, wish: Wish) -> Remedy:
    """Decide a person's proposal; it waits for approval above their own limit.

    Raises:
        UnknownTicket, NotPossible; PolicyMissing when the ticket's policy is still on its way.
    """
    if await tickets.tenant_of(tx, wish.ticket_id) != caller.tenant:
        raise UnknownTicket(f"your tenant has no ticket {wish.ticket_id} here; a new one may take a moment")
    last = await tickets.lock(tx, wish.ticket_id, caller.tenant)
    view = view_of(await tickets.events(tx, wish.ticket_id))
    policy = policy_of(ports, view)
    today = day_of(policy, await ports.outbox.now(tx, wish.ticket_id))
    mode = await payouts.mode_of(tx, caller.tenant)
    looked = await balancing.look(tx, view, policy, up_to=None, day=today, mode=mode)
    at = await ports.outbox.now(tx, wish.ticket_id)
    seen = await balancing.seen(tx, looked, policy, view, at)
    proposal = Proposal(
        remedy_id=ports.new_id(),
        remedy=wish.remedy,
        amount=wish.amount,
        currency=wish.currency,
        lines=wish.lines,
        reason=wish.reason,
        by=caller.name,
        role=caller.role,
    )
    decision = propose(proposal, view, policy, seen)
    if isinstance(decision, Impossible):
        raise NotPossible(decision.field, decision.why)
    start = Start(
        remedy_id=proposal.remedy_id,
        tenant=caller.tenant,
        ticket_id=wish.ticket_id,
        customer_id=view.customer_id,
        order_id=view.order.order_id if view.order else None,
        policy_version=decision.fact.policy_version,
        as_of_sequence=last,
        proposed_by=caller.name,
    )
    await save(tx, ports, start, decision, looked, at=at, cause=None)
    return await found(tx, caller, proposal.remedy_id)


async def approved(tx: Tx, ports: Ports, caller: Principal, remedy_id: UUID, reason: str | None) -> Remedy:
    """Approve a remedy that waits: its money call may go.

    Raises:
        UnknownRemedy, NotNow, NotYours.
    """
    remedy = await locked(tx, caller, remedy_id)
    mode = await payouts.mode_of(tx, caller.tenant)
    queued = remedy.state == "decided" and mode == "approve" and bool(remedy.amount) and not remedy.calling
    if not remedy.waits_for_approval and not queued:
        raise NotNow(f"the remedy is {remedy.shown_state} and waits for nobody's approval")
    if remedy.proposed_by == caller.name:
        raise NotYours("a person never approves what they proposed; ask somebody else")
    within_own_limit(ports, caller, remedy)
    await _must_be_reviewed(tx, ports, remedy)
    await _use_budget(tx, ports, remedy)
    at = await ports.outbox.now(tx, remedy.ticket_id)
    fact = CompensationApproved(remedy_id=str(remedy_id), by=caller.name, reason=reason)
    events = await ports.outbox.publish(tx, remedy.ticket_id, [fact], tenant=remedy.tenant, at=at)
    await remedy_changes.change(
        tx, remedy_id, state="approved", approved_by=caller.name, approved_at=at, cause=events[0]
    )
    await jobs.add(tx, remedy.payment, tenant=remedy.tenant)
    return await found(tx, caller, remedy_id)


async def rejected(tx: Tx, ports: Ports, caller: Principal, remedy_id: UUID, reason: str | None) -> Remedy:
    """Reject a remedy whose money call was not started: what it had reserved is free again.

    Raises:
        UnknownRemedy, NotNow.
    """
    remedy = await locked(tx, caller, remedy_id)
    if remedy.state not in {"decided", "approved"} or not remedy.amount:
        raise NotNow(f"the remedy is {remedy.shown_state} and cannot be rejected")
    if not await jobs.cancel(tx, remedy_id):
        raise NotNow("its money call was started already; what was paid can only be reversed")
    at = await ports.outbox.now(tx, remedy.ticket_id)
    await balancing.give_back(tx, ports, remedy, at)
    await remedy_changes.change(
        tx, remedy_id, state="rejected", rejected_by=caller.name, rejected_at=at, outcome_reason=reason
    )
    fact = CompensationRejected(remedy_id=str(remedy_id), by=caller.name, reason=reason)
    await ports.outbox.publish(tx, remedy.ticket_id, [fact], tenant=remedy.tenant, at=at)
    return await found(tx, caller, remedy_id)


async def _must_be_reviewed(tx: Tx, ports: Ports, remedy: Remedy) -> None:
    """Have what a person proposed pass its reviews first, as the ticket stands now (E5).

    Raises:
        NotNow: says which are missing.
    """
    if remedy.proposed_by is None:
        return
    events = await tickets.events(tx, remedy.ticket_id)
    policy = ports.policies.get(remedy.tenant, remedy.policy_version)
    missing = reviews_missing(reviews_needed(policy, view_of(events), remedy.money[0]), events)
    if missing:
        raise NotNow(f"it waits for its reviews: {', '.join(missing)}, each by another person (rule E5)")


def within_own_limit(ports: Ports, caller: Principal, remedy: Remedy) -> None:
    """Hold a role to the limit up to which it decides about remedies (RULEBOOK B, Limits).

    Raises:
        NotYours: says who may.
    """
    policy = ports.policies.get(remedy.tenant, remedy.policy_version)
    amount, currency = remedy.money
    limit = limit_of(caller.role, policy.amounts.limits)
    if not within_limit(amount, caller.role, policy.amounts.limits):
        raise NotYours(f"{amount} is above the limit of {limit} of role {caller.role}; ask a manager")
    if limit is not None and currency != policy.currency:
        raise NotYours(f"the limit of role {caller.role} is in {policy.currency}, not in {currency}; ask a manager")


async def _use_budget(tx: Tx, ports: Ports, remedy: Remedy) -> None:
    """Take of the day's budget what exceeded it when it was decided: approving overrides, but it counts."""
    policy = ports.policies.get(remedy.tenant, remedy.policy_version)
    amount, currency = remedy.money
    if policy.budgets.per_day is None or remedy.budget_amount or remedy.budget_day is None:
        return
    if currency != policy.currency:
        return
    await balances.lock_budget(tx, remedy.tenant, remedy.budget_day, currency, shadow=False)
    await balances.move_budget(tx, remedy.tenant, remedy.budget_day, currency, amount, shadow=False)
    await remedy_changes.change(tx, remedy.remedy_id, budget_amount=amount)


async def locked(tx: Tx, caller: Principal, remedy_id: UUID) -> Remedy:
    """Lock the remedy's ticket and return the remedy as it stands then."""
    before = await found(tx, caller, remedy_id)
    await tickets.lock(tx, before.ticket_id, before.tenant)
    return await found(tx, caller, remedy_id)


async def found(tx: Tx, caller: Principal, remedy_id: UUID) -> Remedy:
    """Return a remedy of the caller's tenant.

    Raises:
        UnknownRemedy.
    """
    remedy = await remedies.one(tx, caller.tenant, remedy_id)
    if remedy is None:
        raise UnknownRemedy(f"your tenant has no remedy {remedy_id}")
    return remedy
