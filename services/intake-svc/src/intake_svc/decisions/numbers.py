"""Ticket numbers: tenant, date, category code, serial (RULEBOOK N2)."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from amends.policy.model import Policy

_NO_CATEGORY: Final = "00"


@dataclass(frozen=True, slots=True)
class Serial:
    """The nth number that a tenant gave out on a day of its own zone. Some are never used."""

    tenant: str
    day: date
    number: int


def ticket_no(serial: Serial, category: str) -> str:
    """Write a ticket number, e.g. `demo-20260513-D2-000042`."""
    return f"{serial.tenant}-{serial.day:%Y%m%d}-{category}-{serial.number:06d}"


def category_of(policy: Policy, case_type: str, complaint_code: int | None) -> str:
    """Return the category code: the rule of the complaint code's range, else the rule that names the case type."""
    found = None if complaint_code is None else policy.code_range(complaint_code)
    if found is not None:
        return found.id
    return next((row.id for row in policy.case_types if case_type in row.names), _NO_CATEGORY)
