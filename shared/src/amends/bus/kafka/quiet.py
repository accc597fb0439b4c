"""What aiokafka logs too loudly: as an error though it is none, and many times a second while the cluster is away."""

import logging
from collections.abc import Callable

from amends.clock import monotonic_s

REPEAT_S = 30.0
"""How often one kind of message is logged: an outage is one matter, not a thousand."""

LOGGERS = (
    "aiokafka",
    "aiokafka.conn",
    "aiokafka.cluster",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
    "aiokafka.producer.sender",
)
FIRST_LOOKUP = "Group Coordinator Request failed: %s"


class Calm(logging.Filter):
    """Drops repetitions, and the first lookup of a group's coordinator.

    Kafka answers "coordinator not available" to the first group request of its life, while it makes the topic of
    positions; aiokafka then tries again. When it lasts, the age of the heartbeat tells.
    """

    def __init__(self, now_s: Callable[[], float] = monotonic_s) -> None:
        super().__init__()
        self._now_s = now_s
        self._logged_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is worth a line."""
        if record.msg == FIRST_LOOKUP and "CoordinatorNotAvailable" in str(record.args):
            return False
        kind, now_s = (record.name, str(record.msg)), self._now_s()
        if record.levelno < logging.WARNING:
            return True
        if now_s - self._logged_at.get(kind, -REPEAT_S) < REPEAT_S:
            return False
        self._logged_at[kind] = now_s
        return True


def calm_aiokafka() -> None:
    """Install the filter, once per process."""
    calm = Calm()
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, Calm) for each in logger.filters):
            logger.addFilter(calm)
