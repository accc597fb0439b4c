"""What one event does to a ticket's clocks (CONTRACT §3). What it causes: stops and cancels, then moves, then starts."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import TICKET_TOPIC, payload, topic_of
from amends.events.ticket import (
    TicketAssigned,
    TicketClosed,
    TicketContacted,
    TicketCustomerAsked,
    TicketCustomerReplied,
    TicketDepartmentAsked,
    TicketDepartmentReplied,
    TicketEscalated,
    TicketExtended,
    TicketOpened,
    TicketReclassified,
    TicketReopened,
    TicketResolved,
)
from amends.frozen import altered
from amends.policy.choose import row_for
from amends.policy.model import Policy
from amends.policy.replies import is_effective
from sla_svc.decisions.answers import answered
from sla_svc.decisions.draft import Draft, Step
from sla_svc.decisions.pauses import customer_asked, customer_replied, restart_pause
from sla_svc.decisions.reclassify import reclassify
from sla_svc.decisions.starts import AFRESH, AGREED, AGREED_CLOCK, agreed_row, row_at_opening, rows_at_opening
from sla_svc.decisions.state import Run, TicketClocks, asked_about


class NotOpened(ValueError):  # noqa: N818 - named after what is missing
    """An event of a ticket whose `opened` did not come before it."""


def apply(state: TicketClocks | None, event: Event, policy: Policy, *, robot_on: bool = False) -> Step:
    """Return what an event of the ticket, contact or compensation topic does to its ticket's clocks.

    `policy` is the version that the ticket pinned. `robot_on`: whether the robot answered at the event's time.

    Raises:
        NotOpened: the first event of the ticket is not `opened`.
        NotAnEvent: the data does not fit its type.
    """
    return apply_read(state, event, payload(event), policy, robot_on=robot_on)


def apply_read(
    state: TicketClocks | None, event: Event, data: EventData, policy: Policy, *, robot_on: bool = False
) -> Step:
    """Do what `apply` does, for an event whose data was read already.

    Raises:
        NotOpened: as `apply`.
    """
    if state is None:
        if not isinstance(data, TicketOpened):
            raise NotOpened(f"{event.type} of {event.subject} came before the ticket was opened")
        return _open(event, data, policy)
    draft = Draft(state, policy, event.time, _own_sequence(state, event))
    effect = _EFFECTS.get(type(data))
    if effect is not None:
        effect(draft, data)
    else:
        _answered(draft, data, robot_on=robot_on)
    return draft.done()


def _own_sequence(state: TicketClocks, event: Event) -> int | None:
    """Return the number of the ticket's own event, None for another service's."""
    if topic_of(event.type) != TICKET_TOPIC:
        return None
    return event.sequence or (state.sequences[-1][0] if state.sequences else 0) + 1


def _open(event: Event, data: TicketOpened, policy: Policy) -> Step:
    accepted_at = data.accepted(event.time)
    state = TicketClocks(
        ticket_id=event.subject,
        tenant=event.tenantid,
        policy_version=data.policy_version or 1,
        accepted_at=accepted_at,
        opened=asked_about(event.data),
        owner=data.owner,
        department=data.department,
        merchant_id=data.merchant_id,
        imported_at=event.time if data.imported else None,
    )
    state = state.standing_as(state.opened, 0, policy)
    draft = Draft(state, policy, event.time, _own_sequence(state, event))
    facts = draft.asked()
    agreed = agreed_row(policy, facts) if data.agreed_reply_at else None
    for row in rows_at_opening(policy, facts, accepted_at):
        if agreed is not None and row.clock == AGREED_CLOCK:
            draft.start(agreed, accepted_at, agreed=data.agreed_reply_at)
        else:
            draft.start(row, accepted_at)
    return draft.done()


def _answered(draft: Draft, data: EventData, *, robot_on: bool) -> None:
    waits = answered(data, robot_on=robot_on)
    stopped = draft.stop_answered(waits)
    if draft.state.phase != "open":
        return
    if isinstance(data, TicketContacted) and data.agreed_reply_at is not None:
        _agree(draft, data.agreed_reply_at)
    _restart(draft, stopped)


def _agree(draft: Draft, due_at: datetime) -> None:
    """A time agreed with the customer sets the due time: of the running run, else of a new one (F2)."""
    row = agreed_row(draft.policy, draft.asked())
    if row is None:
        return
    run = draft.run(AGREED_CLOCK)
    if run is not None:
        draft.move(run, row, due_at, AGREED, extended=False)
    else:
        draft.start(row, draft.at, agreed=due_at)


def _restart(draft: Draft, stopped: tuple[Run, ...]) -> None:
    """A clock that starts again after each stop does, while the ticket is open (H1)."""
    facts = draft.asked()
    for run in stopped:
        row = row_for(draft.policy, run.clock, facts)
        if draft.row(run).restarts and row is not None:
            draft.start(row, draft.at)


def _assigned(draft: Draft, data: TicketAssigned) -> None:
    draft.state = altered(draft.state, owner=data.owner)


def _department_asked(draft: Draft, data: TicketDepartmentAsked) -> None:
    draft.state = altered(draft.state, department=data.department)
    if draft.state.phase != "open":
        return
    row = row_for(draft.policy, "dept_reply", draft.asked())
    if row is not None and row.start == "department_asked":
        draft.start(row, draft.at)


def _department_replied(draft: Draft, data: TicketDepartmentReplied) -> None:
    reply = data.to_data()
    draft.stop_answered(answered(data), lambda row: is_effective(row, reply))


def _extended(draft: Draft, data: TicketExtended) -> None:
    """A leader moves a deadline later, with a reason; anything else that calls itself an extension has no effect (C5)."""
    run = draft.run(data.clock)
    reason = (data.reason or "").strip()
    if data.role not in draft.policy.extensions.roles or not reason:
        return
    if run is None or run.state != "running" or data.due_at <= run.due_at:
        return
    draft.move(restart_pause(run, draft.at), draft.row(run), data.due_at, reason, extended=True)
    _excuse(draft, "extended")


def _escalated(draft: Draft, data: TicketEscalated) -> None:
    draft.state = altered(draft.state, escalated_to=(*draft.state.escalated_to, data.to))
    _excuse(draft, "escalated")


def _excuse(draft: Draft, what: str) -> None:
    if what not in draft.state.excuses:
        draft.state = altered(draft.state, excuses=(*draft.state.excuses, what))


def _resolved(draft: Draft, data: TicketResolved) -> None:
    """The clocks that it stops are met (or late), the others cancelled; what waits for the resolution starts (I3)."""
    if draft.state.phase != "open":
        return
    draft.state = altered(draft.state, phase="resolved", waiting_since=None)
    waits = answered(data)
    for run in draft.running():
        if waits.isdisjoint(draft.row(run).stop):
            draft.cancel(run)
        else:
            draft.stop(run)
    row = row_for(draft.policy, "feedback", draft.asked())
    if row is not None and row.start == "resolved":
        draft.start(row, draft.at)


def _closed(draft: Draft, _data: TicketClosed) -> None:
    draft.state = altered(draft.state, phase="closed", waiting_since=None)
    for run in draft.running():
        draft.cancel(run)


def _reopened(draft: Draft, _data: TicketReopened) -> None:
    """One level up (G4), and the clocks of an open ticket run afresh; while it is open, a reopening is none."""
    if draft.state.phase == "open":
        return
    for run in draft.running():
        draft.cancel(run)
    reopening = draft.policy.reopening
    up = draft.state.levels_up + (0 if reopening is None else reopening.levels_up)
    state = draft.state.standing_as(draft.state.opened, up, draft.policy)
    draft.state = altered(state, phase="open", escalated_to=(), waiting_since=None)
    facts = draft.asked()
    for clock in AFRESH:
        row = row_at_opening(draft.policy, clock, facts, draft.at)
        if row is not None:
            draft.start(row, draft.at)


_EFFECTS: Mapping[type[EventData], Callable[[Draft, Any], None]] = {
    TicketOpened: lambda _draft, _data: None,
    TicketAssigned: _assigned,
    TicketDepartmentAsked: _department_asked,
    TicketDepartmentReplied: _department_replied,
    TicketReclassified: reclassify,
    TicketExtended: _extended,
    TicketEscalated: _escalated,
    TicketResolved: _resolved,
    TicketClosed: _closed,
    TicketReopened: _reopened,
    TicketCustomerAsked: lambda draft, _data: customer_asked(draft),
    TicketCustomerReplied: lambda draft, _data: customer_replied(draft),
}
"""What each type does; all others are answers that a clock may wait for."""
