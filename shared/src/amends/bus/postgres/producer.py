"""Appending to the embedded log."""

import base64
import json
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

from amends.bus.port import Ack, BusError, Headers, Message, MessageTooLarge, size_of
from amends.bus.postgres.database import LogDatabase
from amends.bus.postgres.directory import Directory
from amends.bus.settings import BusSettings

BATCH_MESSAGES_MAX = 1000
BATCH_BYTES_MAX = 8_388_608

# Partitions are locked in the order of their ids, so that two producers never wait for each other in a ring.
APPEND = """
WITH locked AS MATERIALIZED (
    SELECT id, next_offset FROM bus_partition WHERE id = ANY($1::int[]) ORDER BY id FOR UPDATE
), moved AS (
    UPDATE bus_partition p
    SET next_offset = l.next_offset + w.count, last_log_time = greatest(p.last_log_time, clock_timestamp())
    FROM locked l JOIN unnest($1::int[], $2::bigint[]) AS w (id, count) ON w.id = l.id
    WHERE p.id = l.id
    RETURNING p.id, l.next_offset AS first_offset, p.last_log_time
), added AS (
    INSERT INTO bus_record (partition_id, "offset", log_time, key, value, headers)
    SELECT moved.id, moved.first_offset + m.place, moved.last_log_time, m.key, m.value, m.headers
    FROM unnest($3::int[], $4::bigint[], $5::text[], $6::bytea[], $7::text[]) AS m (id, place, key, value, headers)
    JOIN moved ON moved.id = m.id
)
SELECT id, first_offset FROM moved
"""


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a key: the same in every process and every version (CRC-32 of its UTF-8 bytes)."""
    return zlib.crc32(key.encode()) % partitions


def encode_headers(headers: Headers) -> str | None:
    """Write headers as text; values may be any bytes."""
    if not headers:
        return None
    return json.dumps([[name, base64.b64encode(value).decode()] for name, value in headers])


def decode_headers(text: str | None) -> Headers:
    """Read what `encode_headers` wrote."""
    if text is None:
        return ()
    return tuple((name, base64.b64decode(value)) for name, value in json.loads(text))


def batches(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    """Cut messages, in order, into what one transaction may hold."""
    batch: list[Message] = []
    held = 0
    for message in messages:
        size = size_of(message)
        if batch and (len(batch) >= BATCH_MESSAGES_MAX or held + size > BATCH_BYTES_MAX):
            yield batch
            batch, held = [], 0
        batch.append(message)
        held += size
    if batch:
        yield batch


class LogProducer:
    """Appends in order; a batch is one transaction, so it lands whole or not at all."""

    def __init__(self, database: LogDatabase, directory: Directory, settings: BusSettings) -> None:
        self._database = database
        self._directory = directory
        self._bytes_max = settings.bus_message_bytes_max

    async def send(self, messages: Sequence[Message]) -> list[Ack | BusError]:
        """See `amends.bus.port.Producer.send`."""
        fitting = [message for message in messages if size_of(message) <= self._bytes_max]
        answers = iter(await self._send_fitting(fitting))
        return [
            next(answers) if size_of(message) <= self._bytes_max else self._refusal(message) for message in messages
        ]

    async def stop(self) -> None:
        """Nothing is held between sends."""

    def _refusal(self, message: Message) -> MessageTooLarge:
        return MessageTooLarge(
            f"a message of {size_of(message)} bytes for {message.topic!r}: the bus takes {self._bytes_max}"
        )

    async def _send_fitting(self, messages: Sequence[Message]) -> list[Ack | BusError]:
        answers: list[Ack | BusError] = []
        for batch in batches(messages):
            try:
                answers.extend(await self._append(batch))
            except BusError as error:
                # What follows is not tried: it would land before what failed.
                answers.extend([error] * (len(messages) - len(answers)))
                break
        return answers

    async def _append(self, batch: Sequence[Message]) -> list[Ack]:
        places: dict[int, int] = defaultdict(int)
        rows: list[tuple[int, int, str, bytes, str | None]] = []
        numbers: list[int] = []
        for message in batch:
            ids = await self._directory.partitions(message.topic)
            number = partition_of(message.key, len(ids))
            id_ = ids[number]
            rows.append((id_, places[id_], message.key, message.value, encode_headers(message.headers)))
            numbers.append(number)
            places[id_] += 1
        columns = [list(column) for column in zip(*rows, strict=True)]
        arguments = chain([list(places), list(places.values())], columns)
        first = {row["id"]: row["first_offset"] for row in await self._database.fetch(APPEND, *arguments)}
        if len(first) != len(places):
            self._directory.forget()
            raise BusError("a partition of the embedded log is gone")
        return [
            Ack(partition=number, offset=first[id_] + place)
            for number, (id_, place, *_) in zip(numbers, rows, strict=True)
        ]
