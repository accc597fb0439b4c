"""Background loops of a service: kept running, started again with backoff, stopped together."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from amends.bus.port import PositionLost
from amends.clock import monotonic_s
from amends.errors import may_heal
from amends.metrics import TASK_RESTARTS

log = structlog.get_logger(__name__)

Loop = Callable[[], Awaitable[None]]
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
_STEADY_S = 30.0


@dataclass(slots=True)
class Tasks:
    """Runs loops until `stop`. `stopped_for_good` names those that must not go on by themselves, with the reason."""

    stopped_for_good: dict[str, str] = field(default_factory=dict)
    _running: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self, name: str, loop: Loop) -> None:
        """Run a loop from now on."""
        self._running.append(asyncio.create_task(self._keep(name, loop), name=name))

    async def stop(self) -> None:
        """Cancel all and wait for them to leave."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    async def _keep(self, name: str, loop: Loop) -> None:
        failures = 0
        while True:
            started_s = monotonic_s()
            try:
                await loop()
                return
            except PositionLost as error:
                self.stopped_for_good[name] = str(error)
                log.error("stopped: events are gone that were never seen", task=name, error=str(error))
                return
            except Exception as error:
                failures = 1 if monotonic_s() - started_s > _STEADY_S else failures + 1
                TASK_RESTARTS.labels(name).inc()
                if may_heal(error):
                    log.warning("a loop waits for what is away", task=name, error=repr(error), failures=failures)
                else:
                    log.error("a loop failed and starts again", task=name, failures=failures, exc_info=error)
            wait_s = _BACKOFF_S[min(failures, len(_BACKOFF_S)) - 1]
            await asyncio.sleep(wait_s * (0.75 + random.random() / 2))  # noqa: S311 - jitter, not a secret
