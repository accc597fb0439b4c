"""Sending to Kafka: idempotent, acknowledged by all in-sync replicas, and with a fresh producer after every failure."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from amends.bus.kafka.clients import AWAY, Clients
from amends.bus.kafka.discard import discard_producer, stop_within
from amends.bus.port import Ack, BusError, Message, MessageTooLarge, size_of

Sent = asyncio.Future[RecordMetadata] | BusError

log = structlog.get_logger(__name__)


class KafkaSender:
    """Sends one batch at a time; batches of one sender never overlap, so a broken one can be told apart.

    aiokafka may refuse everything after a broker outage (OutOfOrderSequenceNumber), and keeps trying without end while
    the broker is away. So after any failure, or when the limit is over, its producer is thrown away.
    """

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._settings = clients.settings
        self._producer: AIOKafkaProducer | None = None
        self._one_at_a_time = asyncio.Lock()
        self.stopped = False

    async def send(self, messages: Sequence[Message]) -> list[Ack | BusError]:
        """See `amends.bus.port.Producer.send`."""
        async with self._one_at_a_time:
            try:
                producer = await self._started()
            except BusError as error:
                return [error] * len(messages)
            try:
                answers = await self._send_all(producer, messages)
            except BaseException:
                await self._discard()  # What was in flight is unknown.
                raise
            if any(isinstance(answer, BusError) and not isinstance(answer, MessageTooLarge) for answer in answers):
                await self._discard()
            return answers

    async def stop(self) -> None:
        """Close, within the limit: a send that takes longer is answered with errors."""
        self.stopped = True
        limit_s = self._settings.bus_stop_timeout_s
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s), self._one_at_a_time:
                if self._producer is not None and await stop_within(self._producer, limit_s):
                    self._producer = None
        await self._discard()

    async def _started(self) -> AIOKafkaProducer:
        if self.stopped:
            raise BusError("the producer is stopped")
        if self._producer is None:
            producer = self._clients.producer()
            try:
                async with asyncio.timeout(self._settings.bus_request_timeout_s):
                    await producer.start()
            except AWAY as error:
                await discard_producer(producer)
                raise BusError(f"Kafka is away: {type(error).__name__}: {error}") from error
            except BaseException:
                await discard_producer(producer)
                raise
            self._producer = producer
        return self._producer

    async def _discard(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await discard_producer(producer)

    async def _send_all(self, producer: AIOKafkaProducer, messages: Sequence[Message]) -> list[Ack | BusError]:
        sent: list[Sent] = []
        try:
            async with asyncio.timeout(self._settings.bus_send_timeout_s):
                await self._hand_over(producer, messages, sent)
                await asyncio.wait([each for each in sent if isinstance(each, asyncio.Future)] or [_done()])
        except TimeoutError:
            log.warning("kafka_send_timeout", messages=len(messages), after_s=self._settings.bus_send_timeout_s)
        sent += [BusError("not sent: Kafka did not take what comes before it")] * (len(messages) - len(sent))
        return self._answers(sent)

    async def _hand_over(self, producer: AIOKafkaProducer, messages: Sequence[Message], sent: list[Sent]) -> None:
        for message in messages:
            size = size_of(message)
            if size > self._settings.bus_message_bytes_max:
                limit = self._settings.bus_message_bytes_max
                sent.append(MessageTooLarge(f"a message of {size} bytes for {message.topic!r}: the bus takes {limit}"))
                continue
            try:
                future = await producer.send(
                    self._clients.there(message.topic),
                    message.value,
                    key=message.key.encode(),
                    headers=list(message.headers),
                )
            except MessageSizeTooLargeError as error:
                sent.append(MessageTooLarge(str(error)))
            except (KafkaError, OSError) as error:
                sent.append(BusError(f"Kafka does not take it: {type(error).__name__}: {error}"))
                return  # What follows is not tried: it would land before what failed.
            else:
                sent.append(future)

    def _answers(self, sent: Sequence[Sent]) -> list[Ack | BusError]:
        """Turn what Kafka said into answers.

        When Kafka drops a batch as a duplicate whose offset it has forgotten, aiokafka counts up from -1: no such
        offset is real, so the rest of that partition counts as not acknowledged, and is sent again.
        """
        answers: list[Ack | BusError] = []
        doubtful: set[tuple[str, int]] = set()
        for each in sent:
            answer = each if isinstance(each, BusError) else _answer(each)
            if isinstance(answer, RecordMetadata):
                where = (answer.topic, answer.partition)
                if answer.offset < 0:
                    doubtful.add(where)
                answer = (
                    BusError("Kafka acknowledged without an offset")
                    if where in doubtful
                    else Ack(answer.partition, answer.offset)
                )
            answers.append(answer)
        return answers


def _answer(future: asyncio.Future[RecordMetadata]) -> RecordMetadata | BusError:
    if not future.done():
        future.cancel()
        return BusError("Kafka did not acknowledge it in time")
    error = future.exception()
    if isinstance(error, MessageSizeTooLargeError):
        return MessageTooLarge(str(error))
    if error is not None:
        return BusError(f"Kafka refused it: {type(error).__name__}: {error}")
    return future.result()


def _done() -> asyncio.Future[None]:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future
