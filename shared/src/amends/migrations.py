"""A service brings its own database up to date when it starts (alembic), one instance at a time.

The lock is polled, never waited for: a waiting transaction would deadlock with CREATE INDEX CONCURRENTLY.
"""

import asyncio
from importlib import import_module
from pathlib import Path

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from amends.clock import TimeAnchor
from amends.db import writing

log = structlog.get_logger(__name__)

MIGRATION_LOCK = 0x0A4D_0002


def location(package_file: str) -> Path:
    """Return the migrations of the service whose package file this is: beside its `src`, or inside an installed wheel."""
    package = Path(package_file).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parents[1] / "migrations"


async def migrate(engine: AsyncEngine, scripts: Path) -> None:
    """Run what is missing. Raises what the database raises; the caller tries again when that may heal."""
    async with engine.connect() as connection:
        if await _revision(connection) == newest(scripts):
            return
        while not (await connection.execute(text("SELECT pg_try_advisory_lock(:k)"), {"k": MIGRATION_LOCK})).scalar():
            await connection.commit()
            await asyncio.sleep(0.2)
        await connection.commit()
        try:
            await connection.run_sync(import_module("amends.upgrades").upgrade, scripts)
            await connection.commit()
        finally:
            await connection.rollback()
            await connection.execute(text("SELECT pg_advisory_unlock(:k)"), {"k": MIGRATION_LOCK})
            await connection.commit()


def newest(scripts: Path) -> str:
    """Return the revision that a database is brought up to: a migration's file begins with its revision, `0002_…`."""
    return max(path.name for path in (scripts / "versions").glob("*.py")).partition("_")[0]


async def _revision(connection: AsyncConnection) -> str | None:
    """Return the revision that the database is at; None for a new one."""
    if not (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar():
        return None
    return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()


async def keep_anchor(engine: AsyncEngine, anchor: TimeAnchor) -> None:
    """Write how domain time runs into the database, once: what stands there already stays, so restarts don't jump."""
    if anchor == TimeAnchor.identity():
        return
    insert = text(
        "INSERT INTO time_anchor (real, virtual, scale) VALUES (:real, :virtual, :scale) ON CONFLICT DO NOTHING"
    )
    values = {"real": anchor.real, "virtual": anchor.virtual, "scale": anchor.scale}
    async with writing(engine) as tx:
        await tx.execute(insert, values)
