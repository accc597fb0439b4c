"""Every version of every tenant's policy, with its author."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from amends.db import Tx

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('policy of ' || :tenant, 0))")
_LATEST = text("""
    SELECT version, body, author, at FROM policies WHERE tenant = :tenant ORDER BY version DESC LIMIT 1
""")
_ONE = text("SELECT version, body, author, at FROM policies WHERE tenant = :tenant AND version = :version")
_ADD = text("""
    INSERT INTO policies (tenant, version, body, author, at) VALUES (:tenant, :version, :body, :author, :at)
""")
_LIST = text("""
    SELECT version, body, author, at FROM policies WHERE tenant = :tenant
    AND (CAST(:before AS integer) IS NULL OR version < :before) ORDER BY version DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One version as it was published."""

    version: int
    body: dict[str, Any]
    author: str
    at: datetime


async def lock(tx: Tx, tenant: str) -> None:
    """Let one publication of this tenant pass at a time: versions have no gaps and no twins."""
    await tx.execute(_LOCK, {"tenant": tenant})


async def latest(tx: Tx, tenant: str) -> StoredPolicy | None:
    """Return the tenant's newest version."""
    row = (await tx.execute(_LATEST, {"tenant": tenant})).first()
    return None if row is None else _stored(row)


async def get(tx: Tx, tenant: str, version: int) -> StoredPolicy | None:
    """Return one version."""
    row = (await tx.execute(_ONE, {"tenant": tenant, "version": version})).first()
    return None if row is None else _stored(row)


async def add(tx: Tx, tenant: str, policy: StoredPolicy) -> None:
    """Keep a version."""
    values = {"tenant": tenant, "version": policy.version, "author": policy.author, "at": policy.at}
    await tx.execute(_ADD, values | {"body": json.dumps(policy.body, ensure_ascii=False)})


async def listed(tx: Tx, tenant: str, before: int | None, limit: int) -> list[StoredPolicy]:
    """Return versions, newest first, below a version number."""
    rows = await tx.execute(_LIST, {"tenant": tenant, "before": before, "limit": limit})
    return [_stored(row) for row in rows]


def _stored(row: Any) -> StoredPolicy:
    return StoredPolicy(row[0], json.loads(row[1]), row[2], row[3])
