"""Domain time as a test says that it is, in intake's database."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.clock import TimeAnchor, real_now


def anchored(virtual: datetime) -> TimeAnchor:
    """Domain time as it would stand at `virtual` now, at ordinary speed."""
    return TimeAnchor(real_now(), virtual, 1.0)


async def pretend(engine: AsyncEngine, anchor: TimeAnchor) -> None:
    """Have the database's domain clock run by this anchor."""
    async with engine.begin() as tx:
        await tx.execute(text("DELETE FROM time_anchor"))
        values = {"real": anchor.real, "virtual": anchor.virtual, "scale": anchor.scale}
        await tx.execute(
            text("INSERT INTO time_anchor (real, virtual, scale) VALUES (:real, :virtual, :scale)"), values
        )


async def forget(engine: AsyncEngine) -> None:
    """Let domain time be real again, also where it goes back, which it never does outside tests."""
    async with engine.begin() as tx:
        await tx.execute(text("DELETE FROM time_anchor"))
        await tx.execute(text("UPDATE watermark SET up_to = '-infinity'"))
