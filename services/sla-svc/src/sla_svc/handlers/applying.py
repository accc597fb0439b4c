"""Claimed tickets brought up to the instant that the watermarks have reached, in the transaction that claimed them.

What happens is decided for all of them first, then written in a few statements. A ticket that cannot be decided is
parked with its cause and holds nobody up; one whose policy is not here yet waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from amends.db import Tx
from amends.errors import NotYet
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.sla import SlaPenaltyIncurred
from amends.outbox import Outbox
from amends.policy.book import PolicyBook
from sla_svc.decisions.advance import Happening, Progress, advance, is_opening
from sla_svc.decisions.robot import Switch, robot_on
from sla_svc.decisions.state import TicketClocks, from_json
from sla_svc.handlers.parking import park
from sla_svc.store import arrivals, clocks, tickets
from sla_svc.store.tickets import Claimed

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Applied:
    """What became of claimed tickets. `lateness_s`: of each timer fired, in domain seconds."""

    worked: int = 0
    skipped: set[str] = field(default_factory=set)
    missing: set[tuple[str, int]] = field(default_factory=set)
    lateness_s: list[float] = field(default_factory=list)

    def add(self, other: "Applied") -> None:
        """Take another's in."""
        self.worked += other.worked
        self.skipped |= other.skipped
        self.missing |= other.missing
        self.lateness_s += other.lateness_s


@dataclass(frozen=True, slots=True)
class _Decided:
    ticket: Claimed
    before: TicketClocks | None
    progress: Progress


async def apply_claimed(
    tx: Tx, claimed: Sequence[Claimed], up_to: datetime, *, outbox: Outbox, policies: PolicyBook
) -> Applied:
    """Apply everything that is due of these tickets, and save and publish what comes of it.

    Raises whatever the database or the outbox raises: then nothing of this transaction stands.
    """
    waiting = await arrivals.unapplied(tx, [ticket.ticket_id for ticket in claimed], up_to)
    switched = await arrivals.switches(tx, sorted({ticket.tenant for ticket in claimed}))
    applied = Applied()
    decided: list[_Decided] = []
    for ticket in claimed:
        events = waiting[ticket.ticket_id]
        if ticket.written is None and not any(is_opening(event) for event in events):
            applied.skipped.add(ticket.ticket_id)
            continue
        try:
            decided.append(_decide(ticket, events, switched, up_to, policies))
        except NotYet:
            applied.missing.add((ticket.tenant, ticket.policy_version))
        except Exception as error:
            await park(tx, ticket.ticket_id, events, error)
    await _save(tx, decided, waiting)
    for one in decided:
        applied.lateness_s += await _publish(tx, one, outbox)
    applied.worked = len(decided)
    return applied


def _decide(
    ticket: Claimed,
    events: Sequence[Event],
    switched: Mapping[str, Sequence[Switch]],
    up_to: datetime,
    policies: PolicyBook,
) -> _Decided:
    policy = policies.get(ticket.tenant, ticket.policy_version)
    switches = switched[ticket.tenant]
    before = None if ticket.written is None else from_json(ticket.written)
    progress = advance(before, events, policy, up_to, robot_on=lambda at: robot_on(policy, switches, at))
    return _Decided(ticket, before, progress)


async def _save(tx: Tx, decided: Sequence[_Decided], waiting: Mapping[str, Sequence[Event]]) -> None:
    await tickets.save(tx, [(one.progress.state, one.progress.next_at) for one in decided])
    rows = []
    for one in decided:
        ended = [run for happening in one.progress.happenings for run in happening.ended]
        rows += [(one.progress.state, run) for run in clocks.changed_runs(one.before, one.progress.state, ended)]
    await clocks.save(tx, rows)
    await arrivals.mark_applied(tx, [event.id for one in decided for event in waiting[one.ticket.ticket_id]])


async def _publish(tx: Tx, one: _Decided, outbox: Outbox) -> list[float]:
    """Publish a ticket's facts in their order, and return how late its timers were."""
    told = _told_together(one.progress.happenings)
    if not told:
        return []
    at = await outbox.now(tx, one.ticket.ticket_id)
    lateness_s = [(at - it.timer.at).total_seconds() for it in one.progress.happenings if it.timer is not None]
    for cause, facts in told:
        events = await outbox.publish(tx, one.ticket.ticket_id, facts, tenant=one.ticket.tenant, at=at, cause=cause)
        at += timedelta(microseconds=len(facts))
        await clocks.add_penalties(tx, _penalties(events, facts))
    return lateness_s


def _told_together(happenings: Sequence[Happening]) -> list[tuple[Event | None, list[EventData]]]:
    """Return facts with their cause, in order; those of timers in a row share an entry."""
    told: list[tuple[Event | None, list[EventData]]] = []
    for happening in happenings:
        if not happening.facts:
            continue
        if told and told[-1][0] is None and happening.cause is None:
            told[-1][1].extend(happening.facts)
        else:
            told.append((happening.cause, list(happening.facts)))
    return told


def _penalties(events: Sequence[Event], facts: Sequence[EventData]) -> list[clocks.Penalty]:
    return [
        clocks.Penalty(
            event.id,
            event.tenantid,
            event.subject,
            fact.owner,
            fact.amount,
            fact.currency or "",
            fact.rule,
            event.time,
        )
        for event, fact in zip(events, facts, strict=True)
        if isinstance(fact, SlaPenaltyIncurred)
    ]
