"""What aiokafka logs as an error though it is none."""

import logging

COORDINATOR_LOG = "aiokafka.consumer.group_coordinator"


class FirstLookup(logging.Filter):
    """Lowers "coordinator not available" to debug.

    Kafka answers it to the first group request of its life, while it makes the topic of positions; aiokafka then tries
    again. When it lasts, the age of the heartbeat tells.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record, at the level that it deserves."""
        if record.msg == "Group Coordinator Request failed: %s" and "Coordinator" in str(record.args):
            record.levelno, record.levelname = logging.DEBUG, "DEBUG"
            return logging.getLogger(COORDINATOR_LOG).isEnabledFor(logging.DEBUG)
        return True


def calm_first_lookup() -> None:
    """Install the filter, once."""
    logger = logging.getLogger(COORDINATOR_LOG)
    if not any(isinstance(each, FirstLookup) for each in logger.filters):
        logger.addFilter(FirstLookup())
