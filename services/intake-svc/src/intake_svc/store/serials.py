"""Serials of ticket numbers, given out in blocks."""

from datetime import date

from sqlalchemy import text

from amends.db import Tx

_RESERVE = text("""
    INSERT INTO serials AS s (tenant, day, last) VALUES (:tenant, :day, :count)
    ON CONFLICT (tenant, day) DO UPDATE SET last = s.last + :count
    RETURNING last
""")


async def reserve(tx: Tx, tenant: str, day: date, count: int) -> int:
    """Reserve so many numbers of a tenant's day and return the first."""
    last: int = (await tx.execute(_RESERVE, {"tenant": tenant, "day": day, "count": count})).scalar_one()
    return last - count + 1
