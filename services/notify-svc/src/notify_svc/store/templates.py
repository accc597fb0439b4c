"""A tenant's own words, in versions; what it has not written itself comes from the catalogue."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from amends.db import Tx


@dataclass(frozen=True, slots=True)
class Written:
    """One version of a template as a tenant wrote it."""

    template: str
    language: str
    version: int
    author: str
    body: dict[str, Any]


_LATEST = text("""
    SELECT template, language, version, author, body FROM templates
    WHERE tenant = :tenant AND template = :template AND language = :language ORDER BY version DESC LIMIT 1
""")
_ALL_LATEST = text("""
    SELECT DISTINCT ON (template, language) template, language, version, author, body FROM templates
    WHERE tenant = :tenant ORDER BY template, language, version DESC
""")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:scope, 1))")
_INSERT = text("""
    INSERT INTO templates (tenant, template, language, version, author, body, at)
    VALUES (:tenant, :template, :language, :version, :author, CAST(:body AS jsonb), domain_now())
    RETURNING at
""")


def _written(row: Any) -> Written:
    return Written(row.template, row.language, row.version, row.author, row.body)


async def latest(tx: Tx, tenant: str, template: str, language: str) -> Written | None:
    """Return the newest version that the tenant wrote; None when it never did."""
    row = (await tx.execute(_LATEST, {"tenant": tenant, "template": template, "language": language})).first()
    return _written(row) if row else None


async def all_latest(tx: Tx, tenant: str) -> Sequence[Written]:
    """Return the newest version of everything that the tenant wrote."""
    return [_written(row) for row in (await tx.execute(_ALL_LATEST, {"tenant": tenant})).all()]


async def lock(tx: Tx, tenant: str, template: str, language: str) -> None:
    """Have one writer at a time number the versions of a template."""
    await tx.execute(_LOCK, {"scope": json.dumps([tenant, template, language])})


async def add(tx: Tx, tenant: str, written: Written) -> datetime:
    """Keep a new version and return when it was written."""
    values = {
        "tenant": tenant,
        "template": written.template,
        "language": written.language,
        "version": written.version,
        "author": written.author,
        "body": json.dumps(written.body, ensure_ascii=False),
    }
    return (await tx.execute(_INSERT, values)).scalar_one()  # type: ignore[no-any-return]
