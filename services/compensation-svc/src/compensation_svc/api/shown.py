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
        "outcome_reason": one.outcome_reason,
        "decided_at": format_instant(one.decided_at) if one.decided_at else None,
        "issued_at": format_instant(one.issued_at) if one.issued_at else None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def explanation(one: Remedy) -> dict[str, Any]:
    """Return why a remedy is what it is, a sentence for each step, from what was written down when it was decided."""
    steps = [*json.loads(one.explanation), *_since(one)]
    return {
        "remedy_id": str(one.remedy_id),
        "ticket_id": one.ticket_id,
        "state": one.shown_state,
        "rule": one.rule,
        "policy_version": one.policy_version,
        "as_of_sequence": one.as_of_sequence,
        "steps": steps,
    }


def _since(one: Remedy) -> list[str]:
    sentences = []
    if one.waits_for_approval:
        sentences.append("it waits for a person's approval")
    if one.approved_by and one.approved_at:
        sentences.append(f"approved by {one.approved_by} at {format_instant(one.approved_at)}")
    if one.rejected_by and one.rejected_at:
        sentences.append(f"rejected by {one.rejected_by} at {format_instant(one.rejected_at)}")
    if one.outcome_reason:
        sentences.append(one.outcome_reason)
    if one.issued_at:
        sentences.append(f"issued at {format_instant(one.issued_at)}, the storefront's {one.external_reference}")
    if one.charged_at:
        sentences.append(f"charged back to {one.charged_kind} {one.charged_id} at {format_instant(one.charged_at)}")
    return sentences
