"""Why a run is due when it is: its row and the rows that it was chosen over, how its time was spent, how it ended.

The same as data and as sentences: `sentences` has whole ones of each language, from the catalogues.
"""

from typing import Any, Final

from amends.instants import format_instant
from amends.policy.choose import TicketFacts, choose
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from amends.policy.values import write_duration
from sla_svc.decisions import pauses
from sla_svc.decisions.catalogue import Said, said, worded
from sla_svc.decisions.intervals import Interval, intervals, time_run
from sla_svc.decisions.reclassify import REASON as RECLASSIFIED
from sla_svc.decisions.starts import AGREED
from sla_svc.decisions.state import Move, Run

CRITERIA: Final = ("tenant", "tags", "case_type", "level", "channel", "kind")
"""What makes a row more specific, the strongest first (RULEBOOK, "One policy for all of it")."""
_MOVED: Final = {AGREED: "moved_agreed", RECLASSIFIED: "moved_reclassified", pauses.REASON: "moved_waited"}


def explain(run: Run, policy: Policy, policy_version: int) -> dict[str, Any]:
    """Return the explanation of one run as JSON."""
    row = policy.row(run.clock, run.rule)
    spent = () if row is None else intervals(run, row, policy)
    chosen = None if row is None else _chosen(run, policy, row)
    return {
        "clock": run.clock,
        "run": run.run,
        "rule": run.rule,
        "policy_version": policy_version,
        "row": None if row is None else row.model_dump(mode="json"),
        "chosen": chosen,
        "start_at": format_instant(run.start_at),
        "recorded_at": format_instant(run.recorded_at),
        "due_at": format_instant(run.due_at),
        "calendar": None if row is None else row.calendar,
        "calendar_confirmed": run.calendar_confirmed,
        "intervals": [_interval(it) for it in spent],
        "counted_s": time_run(spent).total_seconds(),
        "moves": [_move(move) for move in run.moves],
        "state": run.state,
        "outcome": run.state if run.ended_at is not None else None,
        "breached_at": None if run.breached_at is None else format_instant(run.breached_at),
        "in_outage": run.in_outage,
        "steps": list(run.steps),
        "ended_at": None if run.ended_at is None else format_instant(run.ended_at),
        "sentences": worded(_sentences(run, row, chosen, spent), policy.timezone),
    }


def _move(move: Move) -> dict[str, Any]:
    """`outage` is there when a declared one moved the deadline; `at` is then its place among the ticket's events."""
    told = {
        "at": format_instant(move.at),
        "from": format_instant(move.moved_from),
        "due_at": format_instant(move.due_at),
        "reason": move.reason,
    }
    if move.outage is None:
        return told
    since, until = move.outage
    return {**told, "outage": {"since": format_instant(since), "until": format_instant(until)}}


def _interval(it: Interval) -> dict[str, Any]:
    """`to` is absent while it lasts."""
    told = {"spent": it.spent, "from": format_instant(it.start)}
    return told if it.end is None else {**told, "to": format_instant(it.end)}


def _chosen(run: Run, policy: Policy, row: ClockRow) -> dict[str, Any] | None:
    """Say what the ticket was when the row was chosen, and which rows matched it, most specific first."""
    facts = run.chosen_for
    if facts is None:
        return None
    choice = choose(policy, run.clock, facts, agreed=row.start == "agreed")
    return {
        "because": "of the rows that match the ticket, the most specific wins: "
        "tenant > tag > case type > level > channel > kind > default",
        "ticket": _facts(facts),
        "matching": [
            {
                "rule": it.id,
                "scope": it.scope.model_dump(mode="json", exclude_defaults=True),
                **({"lost_by": lost} if (lost := _lost_by(row, it)) is not None else {}),
            }
            for it in choice.candidates
        ],
    }


def _lost_by(winner: ClockRow, other: ClockRow) -> str | None:
    """Return the criterion by which a row lost; None for the winner itself."""
    pairs = zip(CRITERIA, winner.scope.specificity, other.scope.specificity, strict=True)
    return next((name for name, ours, theirs in pairs if ours != theirs), None)


def _facts(facts: TicketFacts) -> dict[str, Any]:
    return {
        "tags": sorted(facts.tags),
        "case_type": facts.case_type,
        "level": facts.level,
        "channel": facts.channel,
        "kind": facts.kind,
    }


def _sentences(
    run: Run, row: ClockRow | None, chosen: dict[str, Any] | None, spent: tuple[Interval, ...]
) -> list[Said]:
    told = [said("started", clock=run.clock, run=run.run, at=run.start_at)]
    if run.recorded_at > run.start_at:
        told.append(said("recorded", at=run.recorded_at))
    told += _why_this_row(run, chosen)
    if row is not None:
        told += [_reckoned(row), *_stood_still(row, spent)]
    told += [_moved(run, position) for position in range(len(run.moves))]
    told.append(said("due" if run.paused_since is None else "due_but_paused", due_at=run.due_at))
    if not run.calendar_confirmed:
        told.append(said("unconfirmed"))
    return [*told, *_outcome(run)]


def _why_this_row(run: Run, chosen: dict[str, Any] | None) -> list[Said]:
    if chosen is None:
        return []
    losers = [it for it in chosen["matching"] if "lost_by" in it]
    if not losers:
        return [said("chosen_alone", rule=run.rule)]
    return [said("chosen_over", rule=run.rule, other=it["rule"], criterion=it["lost_by"]) for it in losers]


def _reckoned(row: ClockRow) -> Said:
    if row.start == "agreed":
        return said("agreed")
    if row.window:
        return said("window")
    if row.working_days is not None:
        return said("days", days=row.working_days, calendar=row.calendar)
    target = "" if row.target is None else write_duration(row.target)
    return (
        said("target", target=target)
        if row.calendar is None
        else said("target_open", target=target, calendar=row.calendar)
    )


def _stood_still(row: ClockRow, spent: tuple[Interval, ...]) -> list[Said]:
    told = []
    if closed := sum(it.spent == "closed" for it in spent):
        told.append(said("closed", calendar=row.calendar, count=closed))
    for it in spent:
        if it.spent == "paused":
            ended = {} if it.end is None else {"until": it.end}
            told.append(said("paused" if ended else "paused_now", at=it.start, **ended))
    return told


def _moved(run: Run, position: int) -> Said:
    move = run.moves[position]
    if move.outage is not None:
        since, until = move.outage
        values = {"before": move.moved_from, "due_at": move.due_at, "reason": move.reason}
        return said("moved_outage", since=since, until=until, **values)
    key = _MOVED.get(move.reason, "moved_extended")
    return said(key, at=move.at, before=move.moved_from, due_at=move.due_at, reason=move.reason)


def _outcome(run: Run) -> list[Said]:
    told = [said("warned", due_at=due_at) for due_at in run.warned]
    if run.breached_at is not None:
        told.append(said("missed", due_at=run.breached_at))
    told += [said("missed_again") for step in run.steps if len(run.steps) > 1 and step == max(run.steps)]
    if run.in_outage:
        told.append(said("in_outage"))
    if run.ended_at is not None:
        told.append(said(run.state, at=run.ended_at))
    elif run.state == "running" and run.paused_since is None:
        told.append(said("running"))
    return told
