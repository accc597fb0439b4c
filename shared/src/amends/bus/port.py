"""The bus, as everything above it sees it. Two adapters stand behind it: real Kafka and the embedded log.

A bus holds topics of numbered partitions; a partition is an ordered log with gapless offsets from 0. Messages with one
key go to one partition, in the order in which one producer sends them. Delivery is at least once. Offsets are never
trusted to the bus alone: a consumer stores its own in the transaction of its effects and seeks to them (`start_at`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Message:
    """What a producer sends. `key` chooses the partition."""

    topic: str
    key: str
    value: bytes
    headers: Headers = ()


def size_of(message: Message) -> int:
    """Return the bytes that a message counts for on every bus: key, value and headers."""
    headers = sum(len(name.encode()) + len(value) for name, value in message.headers)
    return len(message.key.encode()) + len(message.value) + headers


@dataclass(frozen=True, slots=True)
class Record:
    """What a consumer gets. `log_time` is when the log took it (real time), never the event's time."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: bytes
    headers: Headers
    log_time: datetime


@dataclass(frozen=True, slots=True)
class Ack:
    """Where a message landed."""

    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic to make. The partition count is fixed at birth. `retention_s` None keeps for ever."""

    name: str
    partitions: int
    retention_s: int | None
    replication: int = 1
    min_insync: int = 1


class BusError(Exception):
    """The bus cannot do it now: away, or refusing. Trying again later may heal it."""


class MessageTooLarge(BusError):  # noqa: N818 - named after what happened
    """The message is above what the bus takes. Trying again does not heal it."""


class PositionLost(BusError):  # noqa: N818 - named after what happened
    """The stored position has fallen off the log: events are gone that this consumer never saw.

    The consumer stops. What to do next: restore the lost range from `GET /v1/events` of the owning service, then set
    the position by hand.
    """


def lost_position(
    reader: str, where: TopicPartition, position: int, start: int, end: int | None = None
) -> PositionLost:
    """Return the error for a stored position below the log's `start`, or beyond its `end`: that is another log."""
    lost = f"offsets {position} to {start - 1} are deleted" if position < start else f"the log ends at {end}"
    return PositionLost(
        f"{reader} stands at offset {position} of {where.topic}[{where.partition}], but {lost}. Restore the range "
        "from GET /v1/events of the owning service, then set the position by hand"
    )


class Producer(Protocol):
    """Sends, in order, one `send` at a time: who wants to send in parallel asks for more producers."""

    async def send(self, messages: Sequence[Message]) -> list[Ack | BusError]:
        """Send the messages in order and wait for every answer: one answer per message, in the same order.

        After a failure of one message the later ones of the same partition may have landed all the same: the caller
        sends again from the first that failed, and consumers drop duplicates by sequence.
        """
        ...

    async def stop(self) -> None: ...


StartAt = Callable[[Sequence[TopicPartition]], Awaitable[Mapping[TopicPartition, int]]]
"""Given partitions just assigned, the stored next offset of those that have one. Others start at the log's start."""


class GroupConsumer(Protocol):
    """A member of a group: shares the partitions of its topics with the other members."""

    async def poll(self, max_records: int, timeout_s: float) -> dict[TopicPartition, list[Record]]:
        """Return what is there, at once or after at most `timeout_s`. Raises PositionLost or BusError."""
        ...

    async def commit(self, positions: Mapping[TopicPartition, int]) -> None:
        """Tell the bus the next offset of each partition: for lag and for tools; truth is the consumer's own store.

        A member that was fenced learns it here or at the next poll, by an empty assignment; never by data loss.
        """
        ...

    async def rewind(self, partition: TopicPartition, offset: int) -> None:
        """Have the next poll read this partition from `offset`, if it is still held: for retry in the partition."""
        ...

    def assigned(self) -> frozenset[TopicPartition]: ...

    def alive_age_s(self) -> float:
        """Seconds since the group last heard from this member: liveness."""
        ...

    async def stop(self) -> None: ...


class Reader(Protocol):
    """Reads all partitions of a topic without group or stored position: policies, watermarks, replay."""

    async def poll(self, max_records: int, timeout_s: float) -> list[Record]: ...

    async def caught_up(self) -> bool:
        """Whether all that the log held when last asked has been returned by `poll`."""
        ...

    async def stop(self) -> None: ...


class Bus(Protocol):
    """A connection to one bus."""

    content_mode: Literal["binary", "structured"]
    """How CloudEvents stand in its messages: attributes as headers, or everything in the value."""

    async def start(self) -> None:
        """Connect. Returns at once when the bus is away: producers and consumers then raise BusError until it is back."""
        ...

    async def stop(self) -> None: ...

    async def producer(self) -> Producer: ...

    async def consumer(self, group: str, topics: Sequence[str], start_at: StartAt) -> GroupConsumer: ...

    async def reader(self, topic: str, start: Literal["earliest", "latest"] | datetime | Mapping[int, int]) -> Reader:
        """Open a reader from the log's start, its end, the first record of log time ≥ a datetime, or offsets."""
        ...

    async def apply_topics(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Make the topics that are missing and return their names. An existing one is never changed."""
        ...

    async def topics(self) -> dict[str, int]:
        """Return name → partition count of every topic of ours."""
        ...

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """Return partition → the offset that the next message will get."""
        ...
