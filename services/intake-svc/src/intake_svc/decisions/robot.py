"""When the robot answers (RULEBOOK F4): outside service hours, and in inbound peaks, with hysteresis."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from amends.calendar import BusinessCalendar
from amends.events.ticket import TicketRobotSwitched
from amends.policy.model import Policy, RobotPeak

Cause = Literal["hours", "peak"]


@dataclass(frozen=True, slots=True)
class Robot:
    """A tenant's robot. `cause`: why it is on, None when it is off. `in_peak`: whether a peak has begun and not ended.

    `above_since`: from when the inbound rate has been at the peak's or above; `below_since`: from when it has been low
    enough to end one. `policy_version`: the newest policy that it was looked at with.
    """

    cause: Cause | None = None
    in_peak: bool = False
    above_since: datetime | None = None
    below_since: datetime | None = None
    policy_version: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the robot came to; `switched` is None when it stays as it is."""

    robot: Robot
    switched: TicketRobotSwitched | None = None


def look(robot: Robot, policy: Policy, now: datetime, inbound: int) -> Look:
    """Return the robot as the policy's hours and peaks let it be now, and whether that switches it.

    `inbound`: tickets opened in the last minute; counted up to the peak's rate at least. Without a rule for the robot
    it is off.
    """
    rule = policy.robot
    if rule is None or rule.peak is None:
        seen = replace(robot, in_peak=False, above_since=None, below_since=None)
    else:
        seen = _peak(robot, rule.peak, now, inbound)
    cause: Cause | None = "peak" if seen.in_peak else None
    if rule is not None and not policy.calendar(rule.outside).is_open(now):
        cause = "hours"
    after = replace(seen, cause=cause)
    if (cause is None) == (robot.cause is None):
        return Look(after)
    return Look(after, TicketRobotSwitched(on=cause is not None, reason=cause or robot.cause or "hours"))


def _peak(robot: Robot, rule: RobotPeak, now: datetime, inbound: int) -> Robot:
    high, low = inbound >= rule.rate_per_min, inbound * 100 < rule.rate_per_min * rule.off_below_percent
    above_since = (robot.above_since or now) if high else None
    below_since = (robot.below_since or now) if low else None
    in_peak = robot.in_peak
    if above_since is not None and now - above_since >= rule.on_after:
        in_peak = True
    if below_since is not None and now - below_since >= rule.off_after:
        in_peak = False
    return replace(robot, in_peak=in_peak, above_since=above_since, below_since=below_since)


def next_change(calendar: BusinessCalendar, now: datetime, within: timedelta) -> datetime | None:
    """Return when the hours open or close next, None when they don't so soon."""
    until = now + within
    open_until = now
    for opens, closes in calendar.open_between(now, until):
        if opens > open_until:
            return opens if open_until == now else open_until
        open_until = closes
    return None if open_until in {now, until} else open_until
