"""What was issued is taken back; a charge is appealed, and a person decides about it (RULEBOOK B, P1)."""

from uuid import UUID

from amends.auth import Principal
from amends.db import Tx
from amends.events.compensation import CompensationAppealDecided, CompensationAppealed, CompensationReversed
from compensation_svc.decisions import ledger as entries
from compensation_svc.decisions.appeal import PARTIES, Verdict, is_party
from compensation_svc.handlers import balancing
from compensation_svc.handlers.people import found, locked, within_own_limit
from compensation_svc.handlers.ports import Ports
from compensation_svc.handlers.refusals import NotNow, NotYours, UnknownRemedy
from compensation_svc.store import remedy_changes
from compensation_svc.store.remedies import Remedy


async def reversed_(tx: Tx, ports: Ports, caller: Principal, remedy_id: UUID, reason: str | None) -> Remedy:
    """Take an issued remedy back: the ledger, the order, its lines and the day's budget are as if it never was.

    The storefront's API cannot take money back: that the customer owes it is all that this says. The remedy stays the
    only one of its ticket, clock and step, and an open appeal of its charge is settled by it.

    Raises:
        UnknownRemedy, NotNow, NotYours.
    """
    remedy = await locked(tx, caller, remedy_id)
    if remedy.state != "issued":
        raise NotNow(
            f"the remedy is {remedy.shown_state}; only what was issued is reversed, before that it is rejected"
        )
    within_own_limit(ports, caller, remedy)
    at = await ports.outbox.now(tx, remedy.ticket_id)
    amount, currency = remedy.money
    await balancing.free(tx, remedy)
    movement = entries.reverse(amount, currency, remedy.customer_id, remedy.charged)
    await balancing.post(tx, ports, remedy, movement, at)
    await remedy_changes.change(
        tx, remedy_id, state="reversed", reversed_by=caller.name, reversed_at=at, outcome_reason=reason
    )
    fact = CompensationReversed(remedy_id=str(remedy_id), by=caller.name, reason=reason)
    await ports.outbox.publish(tx, remedy.ticket_id, [fact], tenant=remedy.tenant, at=at)
    return await found(tx, caller, remedy_id)


async def appealed(tx: Tx, ports: Ports, caller: Principal, remedy_id: UUID, reason: str | None) -> Remedy:
    """Appeal a charge, once: the charged party itself, or an admin for it.

    Raises:
        UnknownRemedy: also for a party that it was not charged to.
        NotNow.
    """
    remedy = await locked(tx, caller, remedy_id)
    if caller.role in PARTIES and not is_party(remedy.charged_party, caller.role, caller.subject):
        raise UnknownRemedy(f"no remedy {remedy_id} was charged to you")
    if remedy.charged_party is None:
        raise NotNow("nobody was charged for the remedy: there is nothing to appeal")
    if remedy.state != "issued":
        raise NotNow(f"the remedy is {remedy.shown_state}: nobody is charged for it any more")
    if remedy.appealed_at is not None:
        raise NotNow("the charge was appealed already")
    at = await ports.outbox.now(tx, remedy.ticket_id)
    await remedy_changes.change(tx, remedy_id, appealed_by=caller.name, appealed_at=at, appeal_reason=reason)
    fact = CompensationAppealed(remedy_id=str(remedy_id), by=caller.name, reason=reason)
    await ports.outbox.publish(tx, remedy.ticket_id, [fact], tenant=remedy.tenant, at=at)
    return await found(tx, caller, remedy_id)


async def appeal_decided(
    tx: Tx, ports: Ports, caller: Principal, remedy_id: UUID, verdict: Verdict, reason: str | None
) -> Remedy:
    """Decide an appeal. `overturned`: the platform's suspense carries it again, and nobody else is charged later.

    Raises:
        UnknownRemedy, NotNow; NotYours for whoever appealed.
    """
    remedy = await locked(tx, caller, remedy_id)
    party = remedy.charged_party
    if party is None or remedy.appealed_at is None:
        raise NotNow("no charge of this remedy was appealed")
    if remedy.appeal_verdict is not None:
        raise NotNow(f"the appeal was decided already: {remedy.appeal_verdict}")
    if remedy.state != "issued":
        raise NotNow(f"the remedy is {remedy.shown_state}: its charge is gone, there is nothing to decide")
    if remedy.appealed_by == caller.name:
        raise NotYours("nobody decides their own appeal; ask somebody else")
    at = await ports.outbox.now(tx, remedy.ticket_id)
    if verdict == "overturned":
        await balancing.post(tx, ports, remedy, entries.overturn(*remedy.money, party), at)
    await remedy_changes.change(
        tx, remedy_id, appeal_verdict=verdict, appeal_decided_by=caller.name, appeal_decided_at=at
    )
    fact = CompensationAppealDecided(remedy_id=str(remedy_id), verdict=verdict, by=caller.name, reason=reason)
    await ports.outbox.publish(tx, remedy.ticket_id, [fact], tenant=remedy.tenant, at=at)
    return await found(tx, caller, remedy_id)
