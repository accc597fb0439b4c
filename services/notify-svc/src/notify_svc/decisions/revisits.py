"""When a customer is contacted again (RULEBOOK H1, H3, H4, J1): from the policy's revisit rows alone. Pure."""

from datetime import datetime
from typing import Any

from amends.events.sla import SlaClockStarted, SlaClockStopped
from amends.frozen import frozen
from amends.policy.choose import matches
from amends.policy.due import revisit_due
from amends.policy.messages import RevisitRow
from amends.policy.model import Policy
from notify_svc.decisions.ticket import Ticket

AFTER_CLOSE = ("after_close", "care")
"""The reasons of revisits that a reopening makes pointless: the next closing plans them anew."""


@frozen
class Plan:
    """A revisit to be planned. It takes the place of the open one of its reason.

    `clock` and `run`: the run of a clock that it belongs to, if any; when that stops, it is over. `tells`: progress or
    result (H2).
    """

    reason: str
    due_at: datetime
    rule: str
    tells: str
    clock: str | None = None
    run: int | None = None


def when_clock_starts(policy: Policy, data: SlaClockStarted) -> Plan | None:
    """Return the revisit that this run asks for (H1: 36 h on; J1: 18 h), or None: no row names its clock and rule."""
    row = policy.revisit(data.clock, data.rule)
    if row is None or row.start != "clock_started":
        return None
    return _plan(row, data.start_at, policy, clock=data.clock, run=data.run)


def when_closed(policy: Policy, ticket: Ticket, at: datetime) -> tuple[Plan, ...]:
    """Return the revisits after a closing (H3, H4): per reason the most specific row that matches."""
    scope = ticket.scope(policy)
    found: dict[str, RevisitRow] = {}
    for row in policy.revisits:
        if row.start == "closed" and matches(row.scope, scope):
            best = found.get(row.reason)
            if best is None or row.scope.specificity > best.scope.specificity:
                found[row.reason] = row
    return tuple(_plan(row, at, policy) for row in found.values())


def ended_by(data: SlaClockStopped) -> str:
    """Return what becomes of the open revisit of a run that stopped.

    The run's own stop decides, not `resolved`: the two come on different topics, and a `resolved` that is applied late
    must not end the revisit of the run that a reopening started.
    """
    return "cancelled" if data.outcome == "cancelled" else "replaced"


def _plan(row: RevisitRow, start: datetime, policy: Policy, **of: Any) -> Plan:
    return Plan(row.reason, revisit_due(row, start, policy), row.id, row.tells, **of)
