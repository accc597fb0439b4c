"""Each tenant's robot, and how many tickets came in lately."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import text

from amends.db import Tx
from intake_svc.decisions.robot import Robot

_READ = "cause, in_peak, above_since, below_since, policy_version"
_GET = text(f"SELECT {_READ} FROM robots WHERE tenant = :tenant")
_ADD = text("INSERT INTO robots (tenant) VALUES (:tenant) ON CONFLICT DO NOTHING")
_LOCK = text(f"SELECT {_READ} FROM robots WHERE tenant = :tenant FOR UPDATE SKIP LOCKED")
_SAVE = text("""
    UPDATE robots SET cause = :cause, in_peak = :in_peak, above_since = :above_since, below_since = :below_since,
        policy_version = :policy_version
    WHERE tenant = :tenant
""")
_INBOUND = text("""
    SELECT count(*) FROM (
        SELECT 1 FROM tickets WHERE tenant = :tenant AND ticket_id >= :since
        AND fields->'imported' IS DISTINCT FROM 'true'::jsonb LIMIT :most
    ) came
""")


async def get(tx: Tx, tenant: str) -> Robot:
    """Return the tenant's robot; one that was never looked at is off."""
    row = (await tx.execute(_GET, {"tenant": tenant})).first()
    return Robot() if row is None else _robot(row)


async def lock(tx: Tx, tenant: str) -> Robot | None:
    """Return the tenant's robot and hold its row; None while another instance does."""
    await tx.execute(_ADD, {"tenant": tenant})
    row = (await tx.execute(_LOCK, {"tenant": tenant})).first()
    return None if row is None else _robot(row)


async def save(tx: Tx, tenant: str, robot: Robot) -> None:
    """Keep a robot that `lock` gave."""
    await tx.execute(_SAVE, asdict(robot) | {"tenant": tenant})


async def inbound(tx: Tx, tenant: str, since: datetime, most: int) -> int:
    """Return how many tickets were opened since a real instant, counted up to `most`; imported ones did not come in now.

    A ticket's id begins with the real time of its opening (UUIDv7), so the index of ids finds the latest.
    """
    values = {"tenant": tenant, "since": first_id_at(since), "most": most}
    return int((await tx.execute(_INBOUND, values)).scalar_one())


def first_id_at(at: datetime) -> str:
    """Return the smallest ticket id that an opening at a real instant can have."""
    written = f"{int(at.timestamp() * 1000):012x}"
    return f"{written[:8]}-{written[8:]}-7000-8000-000000000000"


def _robot(row: Any) -> Robot:
    return Robot(row.cause, row.in_peak, row.above_since, row.below_since, row.policy_version)
