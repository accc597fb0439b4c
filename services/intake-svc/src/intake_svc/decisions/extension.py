"""Extending a deadline: a leader, with a reason, of a running clock, to a later time (RULEBOOK C5, CONTRACT §3)."""

from amends.events.ticket import TicketExtended
from amends.instants import format_instant
from amends.policy.model import Policy
from intake_svc.decisions.access import Actor
from intake_svc.decisions.clocks_seen import Clocks
from intake_svc.decisions.life import allowed
from intake_svc.decisions.refusals import FieldProblem, NotYours, Refused, WrongState
from intake_svc.decisions.ticket import Ticket


def extended(ticket: Ticket, asked: TicketExtended, actor: Actor, policy: Policy, clocks: Clocks) -> TicketExtended:
    """Return the extension, with who granted it.

    Raises:
        NotYours: the policy does not let this role extend; sla would ignore it.
        Refused: no reason, or no later time.
        WrongState: the clock is not running, as far as intake has seen.
    """
    if actor.role not in policy.extensions.roles:
        roles = " or ".join(policy.extensions.roles)
        raise NotYours(f"rule {policy.extensions.id} lets a {roles} extend a deadline, not a {actor.role}")
    if not (asked.reason or "").strip():
        raise Refused([FieldProblem("reason", "an extension needs a reason")])
    clock = clocks.get(asked.clock)
    if clock is None or not clock.extendable:
        running = sorted(name for name, seen in clocks.items() if seen.extendable)
        state = "is breached" if clock is not None and clock.state == "breached" else "is not running"
        raise WrongState(f"clock {asked.clock} {state}; running: {', '.join(running) or 'none'}", allowed(ticket))
    if asked.due_at <= clock.due_at:
        told = f"is not later than the clock's due time, {format_instant(clock.due_at)}"
        raise Refused([FieldProblem("due_at", told)])
    return asked.model_copy(update={"by": actor.name, "role": actor.role})
