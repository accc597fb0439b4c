"""A breach becomes a remedy: load, decide, save, once per (ticket, clock, step) for ever."""

from datetime import datetime

from amends.db import Tx
from amends.events.envelope import Event
from amends.events.registry import payload
from amends.events.sla import SlaDeadlineBreached
from amends.policy.model import Policy
from compensation_svc.decisions import ledger as entries
from compensation_svc.decisions.budget import day_of
from compensation_svc.decisions.hold import Hold, hold_after
from compensation_svc.decisions.payment import Payment
from compensation_svc.decisions.remedy import Decided, Held, Seen, decide, promised, remedy_id_of
from compensation_svc.decisions.ticket import TicketView, view_of
from compensation_svc.handlers import balancing
from compensation_svc.handlers.balancing import Looked
from compensation_svc.handlers.ports import Ports
from compensation_svc.store import jobs, ledger, payouts, remedies, remedy_changes, tickets
from compensation_svc.store.remedies import Remedy
from compensation_svc.store.remedy_changes import Start


class NoPolicyPinned(ValueError):  # noqa: N818 - it says what is missing
    """The ticket was opened without naming its policy version: another is never used instead."""


async def breached(tx: Tx, ports: Ports, event: Event) -> None:
    """Decide a breach whose ticket events are all here; the ticket is locked."""
    breach = payload(event)
    if not isinstance(breach, SlaDeadlineBreached):
        return
    view = view_of(await tickets.events(tx, event.subject, up_to=breach.as_of_sequence))
    policy = policy_of(ports, view)
    if promised(breach, policy, view) is None or await remedies.exists(tx, event.subject, breach.clock, breach.step):
        return
    start = _start(view, breach, event)
    held = decide(breach, view, policy, Seen(None, None, 0))
    if isinstance(held, Held):
        await _hold(tx, ports, start, held, event)
        return
    await _decide(tx, ports, start, breach, view, policy, goods_returned=None, cause=event)


def _start(view: TicketView, breach: SlaDeadlineBreached, event: Event) -> Start:
    return Start(
        remedy_id=remedy_id_of(view.tenant, view.ticket_id, breach.clock, breach.step),
        tenant=view.tenant,
        ticket_id=view.ticket_id,
        customer_id=view.customer_id,
        order_id=view.order.order_id if view.order else None,
        policy_version=view.opened.policy_version or 0,
        breach=event,
        as_of_sequence=breach.as_of_sequence,
    )


def policy_of(ports: Ports, view: TicketView) -> Policy:
    """Return the policy that a ticket pinned.

    Raises:
        PolicyMissing: it is on its way; the event waits.
        NoPolicyPinned: it pinned none.
    """
    version = view.opened.policy_version
    if version is None:
        raise NoPolicyPinned(f"ticket {view.ticket_id} was opened without a policy version")
    return ports.policies.get(view.tenant, version)


async def settle_holds(tx: Tx, ports: Ports, ticket_id: str, cause: Event) -> None:
    """See what the ticket's events after a breach make of its holds; the ticket is locked."""
    for remedy in await remedies.of_ticket(tx, ticket_id):
        if remedy.state == "held":
            await _settle(tx, ports, remedy, cause)


async def _hold(tx: Tx, ports: Ports, start: Start, held: Held, cause: Event) -> None:
    at = await ports.outbox.now(tx, start.ticket_id)
    await remedy_changes.hold(tx, start, held.fact, held.remedy, held.steps)
    await ports.outbox.publish(tx, start.ticket_id, [held.fact], tenant=start.tenant, at=at, cause=cause)
    await settle_holds(tx, ports, start.ticket_id, cause)


async def _settle(tx: Tx, ports: Ports, remedy: Remedy, cause: Event) -> None:
    hold = hold_after(await tickets.events(tx, remedy.ticket_id, after=remedy.as_of_sequence or 0))
    if hold is Hold.WAITS:
        return
    if hold is not Hold.DUE:
        ended = f"the hold ended: {hold.value}"
        await remedy_changes.change(tx, remedy.remedy_id, state="rejected", outcome_reason=ended)
        return
    breach = payload(remedy.breach_event)
    if not isinstance(breach, SlaDeadlineBreached):
        raise TypeError(f"remedy {remedy.remedy_id} is held without a breach")
    view = view_of(await tickets.events(tx, remedy.ticket_id, up_to=remedy.as_of_sequence))
    start = _start(view, breach, remedy.breach_event)
    await _decide(tx, ports, start, breach, view, policy_of(ports, view), goods_returned=True, cause=cause)


async def _decide(
    tx: Tx,
    ports: Ports,
    start: Start,
    breach: SlaDeadlineBreached,
    view: TicketView,
    policy: Policy,
    *,
    goods_returned: bool | None,
    cause: Event,
) -> None:
    """Decide under locks and save. `goods_returned` True: it was held until now."""
    looked = await balancing.look(
        tx,
        view,
        policy,
        up_to=breach.as_of_sequence,
        day=day_of(policy, breach.due_at),
        mode=await payouts.mode_of(tx, view.tenant),
    )
    at = await ports.outbox.now(tx, view.ticket_id)
    seen = await balancing.seen(tx, looked, policy, view, at)
    decision = decide(breach, view, policy, seen, goods_returned=goods_returned)
    if not isinstance(decision, Decided):
        raise TypeError(f"{view.ticket_id}: a remedy that was to be decided came out as {decision}")
    await save(tx, ports, start, decision, looked, at=at, cause=cause)


async def save(
    tx: Tx, ports: Ports, start: Start, decision: Decided, looked: Looked, *, at: datetime, cause: Event | None
) -> None:
    """Publish a decision and write down what follows from it: reservations, the ledger, and the call if it may go."""
    fact = decision.fact
    published = await ports.outbox.publish(tx, start.ticket_id, [fact], tenant=start.tenant, at=at, cause=cause)
    reserved = await balancing.take(tx, looked, fact)
    await remedy_changes.decide(tx, start, fact, decision.steps, reserved, at=at, cause=published[0])
    if not fact.amount or looked.shadow:
        return
    await ledger.post(
        tx,
        entries.reserve(fact.amount, fact.currency),
        tenant=start.tenant,
        ticket_id=start.ticket_id,
        remedy_id=start.remedy_id,
        at=at,
        new_id=ports.new_id,
    )
    if fact.approval == "none":
        payment = Payment(
            remedy_id=start.remedy_id,
            ticket_id=start.ticket_id,
            order_id=start.order_id,
            customer_id=start.customer_id,
            rule=fact.rule,
            remedy=fact.remedy,
            amount=fact.amount,
            currency=fact.currency,
            lines={line.line_id: line.amount for line in fact.lines or ()},
        )
        await jobs.add(tx, payment, tenant=start.tenant)
