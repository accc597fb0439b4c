"""Whether a department's answer stops its clock: a decision does, an acknowledgement does not (RULEBOOK B, CONTRACT §3)."""

from collections.abc import Mapping
from typing import Any

from amends.policy.rows import ClockRow


def is_effective(row: ClockRow, replied: Mapping[str, Any]) -> bool:
    """Say whether a `department_replied` stops a clock of this row.

    It must call itself effective. A refusal needs its reason and evidence; any other answer needs the invoice fields
    that the row requires (B8: delivery method, carrier, waybill; B9: the mailbox).
    """
    if not replied.get("effective"):
        return False
    if replied.get("decision") == "refused":
        return bool(replied.get("reason")) and bool(replied.get("evidence"))
    invoice = replied.get("invoice") or {}
    return all(invoice.get(field) for field in row.reply_requires)
