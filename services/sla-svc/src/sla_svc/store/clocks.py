"""Every run of every clock as the API shows it, and the penalties. Written with the facts, never read to decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import text

from amends.db import Tx
from sla_svc.decisions.state import Run, TicketClocks

_SAVE = text("""
    INSERT INTO clocks (ticket_id, clock, run, tenant, rule, start_at, due_at, warn_at, state, breached_at,
        policy_version, ended_at, detail)
    VALUES (:ticket, :clock, :run, :tenant, :rule, :start_at, :due_at, :warn_at, :state, :breached_at,
        :policy_version, :ended_at, :detail)
    ON CONFLICT (ticket_id, clock, run) DO UPDATE SET rule = excluded.rule, due_at = excluded.due_at,
        warn_at = excluded.warn_at, state = excluded.state, breached_at = excluded.breached_at,
        ended_at = excluded.ended_at, detail = excluded.detail
""")
_PENALTY = text("""
    INSERT INTO penalties (id, tenant, ticket_id, owner, amount, currency, rule, at)
    VALUES (:id, :tenant, :ticket_id, :owner, :amount, :currency, :rule, :at)
""")


@cache
def _detail() -> TypeAdapter[Run]:
    return TypeAdapter(Run)


@dataclass(frozen=True, slots=True)
class Penalty:
    """One entry against an owner (G2); `id` is its event's."""

    id: str
    tenant: str
    ticket_id: str
    owner: str | None
    amount: int
    currency: str
    rule: str
    at: datetime


def read_run(detail: str) -> Run:
    """Read a run as it was written beside its columns."""
    return _detail().validate_json(detail)


def changed_runs(before: TicketClocks | None, after: TicketClocks, ended: Sequence[Run]) -> list[Run]:
    """Return the runs whose rows differ from what is stored."""
    known = {run.clock: run for run in before.runs} if before is not None else {}
    return [*ended, *(run for run in after.runs if known.get(run.clock) != run)]


async def save(tx: Tx, rows: Sequence[tuple[TicketClocks, Run]]) -> None:
    """Save runs beside their tickets."""
    if rows:
        await tx.execute(_SAVE, [_row(state, run) for state, run in rows])


def _row(state: TicketClocks, run: Run) -> dict[str, Any]:
    return {
        "ticket": state.ticket_id,
        "clock": run.clock,
        "run": run.run,
        "tenant": state.tenant,
        "rule": run.rule,
        "start_at": run.start_at,
        "due_at": run.due_at,
        "warn_at": run.warn_at,
        "state": run.state,
        "breached_at": run.breached_at,
        "policy_version": state.policy_version,
        "ended_at": run.ended_at,
        "detail": _detail().dump_json(run).decode(),
    }


async def add_penalties(tx: Tx, penalties: Sequence[Penalty]) -> None:
    """Write penalties down."""
    if penalties:
        names = Penalty.__slots__
        await tx.execute(_PENALTY, [{name: getattr(it, name) for name in names} for it in penalties])
