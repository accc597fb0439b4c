"""Kafka's records in the port's shape."""

from aiokafka.structs import ConsumerRecord

from amends.bus.kafka.cluster import from_millis
from amends.bus.port import Record, TopicPartition


def as_record(where: TopicPartition, raw: "ConsumerRecord[bytes | None, bytes | None]") -> Record:
    """Return a record of ours."""
    return Record(
        topic=where.topic,
        partition=where.partition,
        offset=raw.offset,
        key=raw.key.decode() if raw.key is not None else None,
        value=raw.value if raw.value is not None else b"",
        headers=tuple((name, bytes(value)) for name, value in raw.headers),
        log_time=from_millis(raw.timestamp),
    )
