"""How each tenant pays out."""

from typing import cast

from sqlalchemy import text

from amends.db import Tx
from compensation_svc.decisions.approval import Mode

_SET = text("""
    INSERT INTO payouts (tenant, mode, changed_by, changed_at) VALUES (:tenant, :mode, :by, domain_now())
    ON CONFLICT (tenant) DO UPDATE SET mode = excluded.mode, changed_by = excluded.changed_by,
        changed_at = excluded.changed_at
""")


async def mode_of(tx: Tx, tenant: str) -> Mode:
    """Return a tenant's mode; a new tenant's is `shadow`: nothing is paid until somebody says so."""
    found = (await tx.execute(text("SELECT mode FROM payouts WHERE tenant = :tenant"), {"tenant": tenant})).scalar()
    return cast("Mode", found or "shadow")


async def set_mode(tx: Tx, tenant: str, mode: Mode, *, by: str) -> None:
    """Set a tenant's mode. Jobs that were not started yet obey it at once."""
    await tx.execute(_SET, {"tenant": tenant, "mode": mode, "by": by})
