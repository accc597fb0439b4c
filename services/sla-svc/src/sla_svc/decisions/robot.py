"""Whether a tenant's robot answers at an instant (F4)."""

from collections.abc import Sequence
from datetime import datetime

from amends.policy.model import Policy

Switch = tuple[datetime, bool]
"""When the robot was switched, and whether on."""


def robot_on(policy: Policy, switches: Sequence[Switch], at: datetime) -> bool:
    """Say whether the robot is on: by its last switch at or before the instant; before any, outside service hours."""
    before = [switch for switch in switches if switch[0] <= at]
    if before:
        return max(before)[1]
    return policy.robot is not None and not policy.calendar(policy.robot.outside).is_open(at)
