"""Result feedback as it was given. Its words may be personal: they stand here and in no event."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from notify_svc.decisions.feedback import Given, Kept

_INSERT = text("""
    INSERT INTO feedback (feedback_id, ticket_id, tenant, form, form_asked, contents, missing, given_by, given_at)
    VALUES (:id, :ticket, :tenant, :form, :form_asked, CAST(:contents AS jsonb), CAST(:missing AS text[]), :by, :at)
""")
_PAGE = text("""
    SELECT f.feedback_id, f.ticket_id, t.facts ->> 'ticket_no' AS ticket_no, f.form, f.form_asked, f.contents,
        f.missing, f.given_by, f.given_at
    FROM feedback f LEFT JOIN tickets t USING (ticket_id)
    WHERE f.tenant = :tenant AND f.feedback_id > :after
    AND (CAST(:ticket AS text) IS NULL OR f.ticket_id = :ticket)
    ORDER BY f.feedback_id LIMIT :limit
""")


async def add(tx: Tx, feedback_id: UUID, tenant: str, given: Given, kept: Kept, at: datetime) -> None:
    """Keep feedback that was given at this instant."""
    values = {
        "id": feedback_id,
        "ticket": given.ticket_id,
        "tenant": tenant,
        "form": given.form,
        "form_asked": kept.form_asked,
        "contents": json.dumps(dict(given.contents), ensure_ascii=False),
        "missing": list(kept.missing),
        "by": given.by,
        "at": at,
    }
    await tx.execute(_INSERT, values)


async def page(tx: Tx, tenant: str, after: UUID, limit: int, *, ticket: str | None) -> Sequence[Any]:
    """Return feedback in the order in which it was given; `ticket` None: of all tickets."""
    return (await tx.execute(_PAGE, {"tenant": tenant, "after": after, "limit": limit, "ticket": ticket})).all()
