"""Why a run is due when it is: its row and the rows that it was chosen over, its start, its moves, how it ended."""

from typing import Any

from amends.instants import format_instant
from amends.policy.choose import TicketFacts, choose
from amends.policy.model import Policy
from amends.policy.rows import ClockRow
from sla_svc.decisions.state import Run


def explain(run: Run, policy: Policy, policy_version: int) -> dict[str, Any]:
    """Return the explanation of one run as JSON."""
    row = policy.row(run.clock, run.rule)
    return {
        "clock": run.clock,
        "run": run.run,
        "rule": run.rule,
        "policy_version": policy_version,
        "row": None if row is None else row.model_dump(mode="json"),
        "chosen": _chosen(run, policy, row),
        "start_at": format_instant(run.start_at),
        "recorded_at": format_instant(run.recorded_at),
        "due_at": format_instant(run.due_at),
        "calendar": None if row is None else row.calendar,
        "calendar_confirmed": run.calendar_confirmed,
        "moves": [
            {
                "at": format_instant(move.at),
                "from": format_instant(move.moved_from),
                "due_at": format_instant(move.due_at),
                "reason": move.reason,
            }
            for move in run.moves
        ],
        "state": run.state,
        "breached_at": None if run.breached_at is None else format_instant(run.breached_at),
        "steps": list(run.steps),
        "ended_at": None if run.ended_at is None else format_instant(run.ended_at),
    }


def _chosen(run: Run, policy: Policy, row: ClockRow | None) -> dict[str, Any] | None:
    """Say what the ticket was when the row was chosen, and which rows matched it, most specific first."""
    facts = run.chosen_for
    if facts is None or row is None:
        return None
    choice = choose(policy, run.clock, facts, agreed=row.start == "agreed")
    return {
        "because": "of the rows that match the ticket, the most specific wins: "
        "tenant > tag > case type > level > channel > kind > default",
        "ticket": _facts(facts),
        "matching": [
            {"rule": it.id, "scope": it.scope.model_dump(mode="json", exclude_defaults=True)}
            for it in choice.candidates
        ],
    }


def _facts(facts: TicketFacts) -> dict[str, Any]:
    return {
        "tags": sorted(facts.tags),
        "case_type": facts.case_type,
        "level": facts.level,
        "channel": facts.channel,
        "kind": facts.kind,
    }
