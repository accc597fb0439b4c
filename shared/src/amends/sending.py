"""Events onto the bus and off it, whichever bus it is."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Literal

from amends.bus.port import Ack, Bus, BusError, Message, Producer, Record
from amends.events.codec import decode, encode_binary, encode_structured
from amends.events.envelope import Event

_STOP_S_MAX = 10


def message_of(event: Event, topic: str, mode: Literal["binary", "structured"]) -> Message:
    """Return the event as a message, in the content mode of the bus."""
    if mode == "structured":
        headers = (("content-type", b"application/cloudevents+json"),)
        return Message(topic, event.partitionkey, encode_structured(event), headers)
    binary_headers, value = encode_binary(event)
    return Message(topic, event.partitionkey, value, binary_headers)


def event_of(record: Record) -> Event:
    """Read an event from a record. Raises NotAnEvent, saying what is wrong."""
    return decode(record.headers, record.value)


class Sender:
    """A producer that is made on first use and made anew after every failure (aiokafka needs that, see DESIGN 3)."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._producer: Producer | None = None

    async def send(self, messages: Sequence[Message]) -> list[Ack | BusError]:
        """Send in order; one answer per message. Raises BusError when no producer can be had."""
        if self._producer is None:
            self._producer = await self._bus.producer()
        answers = await self._producer.send(messages)
        if any(not isinstance(answer, Ack) for answer in answers):
            await self.stop()
        return answers

    async def send_all(self, messages: Sequence[Message]) -> None:
        """Send in order and raise the first failure."""
        for answer in await self.send(messages):
            if not isinstance(answer, Ack):
                raise answer

    async def stop(self) -> None:
        """Let the producer go; the next send makes another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(BusError, OSError, TimeoutError):
                async with asyncio.timeout(_STOP_S_MAX):
                    await producer.stop()
