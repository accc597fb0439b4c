"""How often an empty log is asked."""

import asyncio

from amends.bus.settings import BusSettings
from amends.clock import monotonic_s

GROWTH = 1.5
"""Each empty answer makes the next wait half as long again, so a quiet log soon costs ten questions a second."""


class Pace:
    """Waits between questions: short after something came, longer while nothing does."""

    def __init__(self, settings: BusSettings) -> None:
        self._min_s = settings.bus_log_poll_s_min
        self._max_s = settings.bus_log_poll_s_max
        self._next_s = self._min_s

    def busy(self) -> None:
        """Something came: ask soon again."""
        self._next_s = self._min_s

    async def idle(self, until: float) -> bool:
        """Wait before the next question; False when the monotonic instant `until` is reached."""
        left = until - monotonic_s()
        if left <= 0:
            return False
        await asyncio.sleep(min(self._next_s, left))
        self._next_s = min(self._next_s * GROWTH, self._max_s)
        return True
