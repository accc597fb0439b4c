"""Who may appeal a charge, and who decides about it (RULEBOOK B, P1; CONTRACT §6). Pure."""

from typing import Literal

from amends.events.parts import Party

Verdict = Literal["upheld", "overturned"]
"""`upheld`: the charge stands. `overturned`: the platform carries it again."""

PARTIES = ("department", "merchant")
"""Roles that are parties: their token's subject says which one; without a subject, any of the tenant's."""


def is_party(party: Party | None, role: str, subject: str | None) -> bool:
    """Say whether a caller is the party that was charged."""
    return party is not None and role in PARTIES and party.kind == role and subject in {None, party.id}
