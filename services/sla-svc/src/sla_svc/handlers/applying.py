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
from amends.events.envelope import Event
from amends.events.sla import SlaPenaltyIncurred
from amends.outbox import Outbox, Told
from amends.policy.book import PolicyBook
from sla_svc.decisions.advance import Progress, advance, is_opening
from sla_svc.decisions.declared import Declared
from sla_svc.decisions.outages import Outage, lies_in_outage
from sla_svc.decisions.robot import Switch, robot_on
from sla_svc.decisions.state import TicketClocks, from_json
from sla_svc.handlers.parking import park
from sla_svc.store import arrivals, clocks, declared, outages, tickets
from sla_svc.store.tickets import Claimed

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Applied:
    """What became of claimed tickets. `worked`: to how many something happened. `lateness_s`: of each timer fired, domain."""

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
class _Around:
    """What is known beside the tickets: policies, when robots were switched, when intake was away, what was declared."""

    policies: PolicyBook
    switched: Mapping[str, Sequence[Switch]]
    outages: Sequence[Outage]
    hold_after: timedelta
    declared: Mapping[str, Sequence[Declared]]


@dataclass(frozen=True, slots=True)
class _Decided:
    ticket: Claimed
    before: TicketClocks | None
    progress: Progress


async def apply_claimed(
    tx: Tx,
    claimed: Sequence[Claimed],
    up_to: datetime,
    *,
    outbox: Outbox,
    policies: PolicyBook,
    hold_after: timedelta | None = None,
) -> Applied:
    """Apply everything that is due of these tickets, and save and publish what comes of it.

    `hold_after`: for so long (domain time) after an outage of intake deadlines count as in it; None: no such outage
    counts, declared ones do.

    Raises whatever the database or the outbox raises: then nothing of this transaction stands.
    """
    waiting = await arrivals.unapplied(tx, [ticket.ticket_id for ticket in claimed], up_to)
    tenants = sorted({ticket.tenant for ticket in claimed})
    around = _Around(
        policies,
        await arrivals.switches(tx, tenants),
        () if hold_after is None else await outages.all_of(tx),
        hold_after or timedelta(0),
        await declared.of_tenants(tx, tenants),
    )
    applied = Applied()
    decided: list[_Decided] = []
    for ticket in claimed:
        events = waiting[ticket.ticket_id]
        if ticket.written is None and not any(is_opening(event) for event in events):
            applied.skipped.add(ticket.ticket_id)
            continue
        try:
            decided.append(_decide(ticket, events, up_to, around))
        except NotYet:
            applied.missing.add((ticket.tenant, ticket.policy_version))
        except Exception as error:
            await park(tx, ticket.ticket_id, events, error)
    await _save(tx, decided, waiting)
    applied.lateness_s = await _publish(tx, decided, outbox)
    # A claim may find a ticket that another instance has just done: its snapshot still saw the events waiting.
    applied.worked = sum(bool(one.progress.happenings) for one in decided)
    return applied


def _decide(ticket: Claimed, events: Sequence[Event], up_to: datetime, around: _Around) -> _Decided:
    policy = around.policies.get(ticket.tenant, ticket.policy_version)
    switches = around.switched[ticket.tenant]
    before = None if ticket.written is None else from_json(ticket.written)
    progress = advance(
        before,
        events,
        policy,
        up_to,
        robot_on=lambda at: robot_on(policy, switches, at),
        in_outage=lambda due_at: lies_in_outage(due_at, around.outages, around.hold_after),
        declared=around.declared[ticket.tenant],
    )
    return _Decided(ticket, before, progress)


async def _save(tx: Tx, decided: Sequence[_Decided], waiting: Mapping[str, Sequence[Event]]) -> None:
    await tickets.save(tx, [(one.progress.state, one.progress.next_at) for one in decided])
    rows = []
    for one in decided:
        ended = [run for happening in one.progress.happenings for run in happening.ended]
        rows += [(one.progress.state, run) for run in clocks.changed_runs(one.before, one.progress.state, ended)]
    await clocks.save(tx, rows)
    await declared.note_given(tx, rows)
    await arrivals.mark_applied(tx, [event.id for one in decided for event in waiting[one.ticket.ticket_id]])


async def _publish(tx: Tx, decided: Sequence[_Decided], outbox: Outbox) -> list[float]:
    """Publish the tickets' facts, each ticket's in their order, and return how late its timers were."""
    told = [fact for one in decided for fact in _told(one)]
    if not told:
        return []
    at = await outbox.now_of_many(tx, {fact.ticket_id for fact in told})
    published = await outbox.publish_many(tx, told, at=at)
    await clocks.add_penalties(tx, _penalties(told, published))
    return [
        (at[one.ticket.ticket_id] - happening.timer.at).total_seconds()
        for one in decided
        for happening in one.progress.happenings
        if happening.timer is not None and happening.facts
    ]


def _told(one: _Decided) -> list[Told]:
    happenings = (happening for happening in one.progress.happenings if happening.facts)
    return [Told(one.ticket.ticket_id, one.ticket.tenant, it.facts, it.cause) for it in happenings]


def _penalties(told: Sequence[Told], published: Sequence[Sequence[Event]]) -> list[clocks.Penalty]:
    return [
        clocks.Penalty(
            id=event.id,
            tenant=event.tenantid,
            ticket_id=event.subject,
            owner=fact.owner,
            amount=fact.amount,
            currency=fact.currency or "",
            rule=fact.rule,
            at=event.time,
        )
        for one, events in zip(told, published, strict=True)
        for event, fact in zip(events, one.facts, strict=True)
        if isinstance(fact, SlaPenaltyIncurred)
    ]
