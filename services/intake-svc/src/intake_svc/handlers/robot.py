"""Looking at a tenant's robot, and switching it: one instance at a time, in the transaction it is given."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from amends.clock import TimeAnchor
from amends.db import Tx
from amends.outbox import Outbox
from amends.policy.book import PublishedPolicy
from intake_svc.decisions.robot import Look, Robot, look
from intake_svc.store import robots

_RATE_OVER: Final = timedelta(minutes=1)
"""Domain time: the policy's rate is tickets per minute."""


async def would_change(tx: Tx, published: PublishedPolicy, anchor: TimeAnchor, real_now: datetime) -> bool:
    """Say whether a look now would change anything; asked first, as a writing transaction holds the watermark."""
    robot = await robots.get(tx, published.tenant)
    found = await _look(tx, robot, published, anchor, real_now, anchor.domain(real_now))
    return found is not None and found.robot != robot


async def switch(tx: Tx, outbox: Outbox, published: PublishedPolicy, anchor: TimeAnchor, real_now: datetime) -> bool:
    """Look at the robot under its row's lock, keep what was seen, and publish a switch; True when there was one."""
    tenant = published.tenant
    robot = await robots.lock(tx, tenant)
    if robot is None:
        return False
    subject = f"tenant/{tenant}"
    at = await outbox.now(tx, subject)
    found = await _look(tx, robot, published, anchor, real_now, at)
    if found is None:
        return False
    await robots.save(tx, tenant, found.robot)
    if found.switched is None:
        return False
    await outbox.publish_about(tx, subject, found.switched, tenant=tenant, at=at)
    return True


async def _look(
    tx: Tx, robot: Robot, published: PublishedPolicy, anchor: TimeAnchor, real_now: datetime, at: datetime
) -> Look | None:
    """Return None where another instance has looked with a newer policy: two that differ would switch it to and fro."""
    if published.version < robot.policy_version:
        return None
    policy, inbound = published.policy, 0
    if policy.robot is not None and policy.robot.peak is not None:
        since = real_now - anchor.real_delay(_RATE_OVER)
        inbound = await robots.inbound(tx, published.tenant, since, policy.robot.peak.rate_per_min)
    return look(replace(robot, policy_version=published.version), policy, at, inbound)
