"""Surveys: who has the token may rate once. Only the token's digest is kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey as it stands."""

    token_sha256: str
    ticket_id: str
    tenant: str
    rating: int | None


_INSERT = text("""
    INSERT INTO surveys (token_sha256, ticket_id, tenant, message_id) VALUES (:token, :ticket, :tenant, :message)
""")
_LOCK = text("""
    SELECT token_sha256, ticket_id, tenant, rating FROM surveys
    WHERE token_sha256 = :token AND tenant = :tenant FOR UPDATE
""")
_ANSWER = text("UPDATE surveys SET rating = :rating, answered_at = :at WHERE token_sha256 = :token")


async def add(tx: Tx, token_sha256: str, ticket_id: str, tenant: str, message_id: UUID) -> None:
    """Keep a survey that a message asks for."""
    values = {"token": token_sha256, "ticket": ticket_id, "tenant": tenant, "message": message_id}
    await tx.execute(_INSERT, values)


async def lock(tx: Tx, tenant: str, token_sha256: str) -> Survey | None:
    """Lock the survey of a token and return it."""
    row = (await tx.execute(_LOCK, {"token": token_sha256, "tenant": tenant})).first()
    return Survey(*row) if row else None


async def answer(tx: Tx, token_sha256: str, rating: int, at: datetime) -> None:
    """Write down the rating."""
    await tx.execute(_ANSWER, {"token": token_sha256, "rating": rating, "at": at})


async def of_message(tx: Tx, message_id: UUID) -> bool:
    """Say whether a message asks for a rating."""
    query = text("SELECT EXISTS (SELECT 1 FROM surveys WHERE message_id = :message)")
    return bool((await tx.execute(query, {"message": message_id})).scalar_one())
