"""How remedies, entries and balances look on the API (CONTRACT §6)."""

import json
from typing import Any

from amends.instants import format_instant
from compensation_svc.store.remedies import Remedy


def remedy(one: Remedy) -> dict[str, Any]:
    """Return a remedy: id, ticket, state, the fields of `decided`, and what became of it. Absent is what is not known."""
    shown: dict[str, Any] = {
        "remedy_id": str(one.remedy_id),
        "ticket_id": one.ticket_id,
        "state": one.shown_state,
        "rule": one.rule,
        "clock": one.clock,
        "run": one.run,
        "step": one.step,
        "remedy": one.remedy,
        "amount": one.amount,
        "currency": one.currency,
        "lines": json.loads(one.lines) if one.lines else None,
        "payer": one.payer.model_dump() if one.payer_kind else None,
        "approval": one.approval,
        "reason": one.reason,
        "basis": json.loads(one.basis) if one.basis else None,
        "policy_version": one.policy_version,
        "proposed_by": one.proposed_by,
        "approved_by": one.approved_by,
        "rejected_by": one.rejected_by,
        "external_reference": one.external_reference,
        "charged_to": {"kind": one.charged_kind, "id": one.charged_id} if one.charged_kind else None,
        "reversed_by": one.reversed_by,
        "appeal": _appeal(one),
        "outcome_reason": one.outcome_reason,
        "decided_at": format_instant(one.decided_at) if one.decided_at else None,
        "issued_at": format_instant(one.issued_at) if one.issued_at else None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _appeal(one: Remedy) -> dict[str, Any] | None:
    """Return the appeal of its charge; no verdict: a person has not decided yet."""
    if one.appealed_at is None:
        return None
    shown = {
        "by": one.appealed_by,
        "at": format_instant(one.appealed_at),
        "reason": one.appeal_reason,
        "verdict": one.appeal_verdict,
        "decided_by": one.appeal_decided_by,
        "decided_at": format_instant(one.appeal_decided_at) if one.appeal_decided_at else None,
    }
    return {name: value for name, value in shown.items() if value is not None}
