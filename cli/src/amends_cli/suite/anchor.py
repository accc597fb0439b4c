"""Where a suite's scaled time begins (DESIGN 12)."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from amends.clock import TimeAnchor

_ZONE = ZoneInfo("Asia/Shanghai")
_MORNING = time(9, 0)


def anchor_for(time_scale: float, real_now: datetime) -> TimeAnchor | None:
    """Return the anchor of a suite that starts now: the last Monday, 09:00 in Shanghai, whatever the hour is.

    None at scale 1: then domain time is real time.
    """
    if time_scale == 1:
        return None
    local = real_now.astimezone(_ZONE)
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), _MORNING, _ZONE)
    if monday > local:
        monday -= timedelta(weeks=1)
    return TimeAnchor(real_now, monday, time_scale)
