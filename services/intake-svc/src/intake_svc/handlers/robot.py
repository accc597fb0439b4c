"""Looking at a tenant's robot, and switching it: one instance at a time, in the transaction it is given."""

from datetime import datetime, timedelta
from typing import Final

from amends.clock import TimeAnchor
from amends.db import Tx
from amends.outbox import Outbox
from amends.policy.model import Policy
from intake_svc.decisions.robot import Look, Robot, look
from intake_svc.store import robots

_RATE_OVER: Final = timedelta(minutes=1)
"""Domain time: the policy's rate is tickets per minute."""


async def would_change(tx: Tx, tenant: str, policy: Policy, anchor: TimeAnchor, real_now: datetime) -> bool:
    """Say whether a look now would change anything; asked first, as a writing transaction holds the watermark."""
    robot = await robots.get(tx, tenant)
    found = await _look(tx, tenant, robot, policy, anchor, real_now, anchor.domain(real_now))
    return found is not None and found.robot != robot


async def switch(tx: Tx, outbox: Outbox, tenant: str, policy: Policy, anchor: TimeAnchor, real_now: datetime) -> bool:
    """Look at the robot under its row's lock, keep what was seen, and publish a switch; True when there was one."""
    robot = await robots.lock(tx, tenant)
    if robot is None:
        return False
    subject = f"tenant/{tenant}"
    at = await outbox.now(tx, subject)
    found = await _look(tx, tenant, robot, policy, anchor, real_now, at)
    if found is None:
        return False
    await robots.save(tx, tenant, found.robot)
    if found.switched is None:
        return False
    await outbox.publish_about(tx, subject, found.switched, tenant=tenant, at=at)
    return True


async def _look(
    tx: Tx, tenant: str, robot: Robot, policy: Policy, anchor: TimeAnchor, real_now: datetime, at: datetime
) -> Look | None:
    rule = policy.robot
    if rule is None:
        return None
    inbound = 0
    if rule.peak is not None:
        since = real_now - anchor.real_delay(_RATE_OVER)
        inbound = await robots.inbound(tx, tenant, since, rule.peak.rate_per_min)
    return look(robot, rule, policy.calendar(rule.outside), at, inbound)
