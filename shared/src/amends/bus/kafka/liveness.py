"""When the group last heard from a member.

aiokafka keeps that to itself (0.14), and `getmany` tells nothing: it may wait without end during a rebalance.
"""

from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer

from amends.clock import monotonic_s


class Liveness:
    """Notes every heartbeat that the group answered."""

    def __init__(self) -> None:
        self._heard_at = monotonic_s()

    def heard(self) -> None:
        """The group answered just now."""
        self._heard_at = monotonic_s()

    def age_s(self) -> float:
        """Return seconds since the group last answered."""
        return monotonic_s() - self._heard_at

    def watch(self, consumer: AIOKafkaConsumer) -> None:
        """Note the heartbeats of a started member."""
        coordinator = consumer._coordinator  # noqa: SLF001 - see above
        beat: Callable[[], Awaitable[bool]] = coordinator._do_heartbeat  # noqa: SLF001

        async def watched() -> bool:
            answered = await beat()
            if answered:
                self.heard()
            return answered

        coordinator._do_heartbeat = watched  # noqa: SLF001
