"""A ticket turns out to be another than it was filed as: its running clocks follow their new rows (CONTRACT §3)."""

from amends.events.ticket import TicketReclassified
from amends.frozen import altered
from amends.policy.choose import TicketFacts, row_for
from amends.policy.rows import ClockRow
from amends.policy.values import CLOCK_ORDER
from sla_svc.decisions.draft import Draft
from sla_svc.decisions.lost_time import due_by_row
from sla_svc.decisions.starts import AGREED, AGREED_CLOCK, agreed_row, row_at_opening
from sla_svc.decisions.state import Run, asked_about

REASON = "reclassified"


def reclassify(draft: Draft, data: TicketReclassified) -> None:
    """Lay the changed fields over the ticket's, then cancel, move and start what its new rows ask for.

    What was breached stays breached, under the row that it missed. An extended due time stays, under the new row.
    """
    before = draft.asked()
    _take_in(draft, data)
    after = draft.asked()
    if draft.state.phase != "open":
        return
    _follow_new_rows(draft, after)
    if data.agreed_reply_at is not None and (row := agreed_row(draft.policy, after)) is not None:
        run = draft.run(AGREED_CLOCK)
        if run is not None:
            draft.move(run, row, data.agreed_reply_at, AGREED, extended=False)
        else:
            draft.start(row, draft.at, agreed=data.agreed_reply_at)
    _start_what_newly_applies(draft, before, after)


def _take_in(draft: Draft, data: TicketReclassified) -> None:
    changed = asked_about(data.to_data())
    # A level that a person sets now is the level: earlier reopenings have raised another one.
    levels_up = 0 if "level" in changed else draft.state.levels_up
    draft.state = altered(
        draft.state.standing_as({**draft.state.opened, **changed}, levels_up, draft.policy),
        owner=data.owner or draft.state.owner,
        department=data.department or draft.state.department,
        merchant_id=data.merchant_id or draft.state.merchant_id,
    )


def _follow_new_rows(draft: Draft, after: TicketFacts) -> None:
    found = [(run, _new_row(draft, run, after)) for run in draft.running()]
    for run, row in found:
        if row is None:
            draft.cancel(run)
    for run, row in found:
        if row is not None and row.id != run.rule and run.state == "running":
            _move(draft, run, row)


def _new_row(draft: Draft, run: Run, after: TicketFacts) -> ClockRow | None:
    started = draft.row(run).start
    if started == "agreed":
        return agreed_row(draft.policy, after)
    if started in {"opened", "opened_live", "opened_queued"}:
        return row_at_opening(draft.policy, run.clock, after, draft.state.accepted_at)
    return row_for(draft.policy, run.clock, after)


def _move(draft: Draft, run: Run, row: ClockRow) -> None:
    due_at, outages = run.due_at, run.outages
    if not run.due_extended:
        due_at, outages = due_by_row(run, row, draft.policy)
        earliest = draft.at + draft.policy.settings.reclassified_reply_min
        if row.start == "department_asked" and due_at < earliest:
            due_at, outages = earliest, ()
    draft.move(run, row, due_at, REASON, extended=run.due_extended, outages=outages)


def _start_what_newly_applies(draft: Draft, before: TicketFacts, after: TicketFacts) -> None:
    accepted_at = draft.state.accepted_at
    for clock in CLOCK_ORDER:
        row = row_at_opening(draft.policy, clock, after, accepted_at)
        if row is not None and row_at_opening(draft.policy, clock, before, accepted_at) is None:
            draft.start(row, draft.at)
