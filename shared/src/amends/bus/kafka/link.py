"""A consumer's connection that is made on demand, in the background, and made anew after it broke."""

import asyncio
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer

from amends.bus.kafka.clients import AWAY
from amends.bus.kafka.discard import stop_consumer
from amends.bus.port import BusError
from amends.bus.settings import BusSettings
from amends.clock import monotonic_s

RETRY_S = 0.5
"""The least time that a failed attempt takes, so that callers who try again at once do not spin."""


async def _as_it_is(_consumer: AIOKafkaConsumer) -> None:
    """Nothing is to be done after connecting."""


class Link:
    """Holds at most one started consumer."""

    def __init__(
        self,
        make: Callable[[], AIOKafkaConsumer],
        settings: BusSettings,
        prepare: Callable[[AIOKafkaConsumer], Awaitable[None]] = _as_it_is,
    ) -> None:
        self._make = make
        self._prepare = prepare
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._connecting: asyncio.Task[AIOKafkaConsumer] | None = None
        self._stopped = False

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """The started consumer, if there is one now."""
        return self._consumer

    async def get(self, until: float) -> AIOKafkaConsumer | None:
        """Return the started consumer, None when it is not there by the monotonic instant `until`.

        Raises BusError when the attempt failed; the next call makes another.
        """
        if self._stopped:
            raise BusError("the connection to Kafka is stopped")
        if self._consumer is not None:
            return self._consumer
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect(), name="kafka-connect")
        task = self._connecting
        await asyncio.wait([task], timeout=max(0.0, until - monotonic_s()))
        if not task.done():
            return None
        if self._connecting is task:
            self._connecting = None
            self._consumer = task.result()
        return self._consumer

    async def drop(self) -> None:
        """Give the consumer up: it broke."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await stop_consumer(consumer, self._settings.bus_stop_timeout_s)

    async def stop(self) -> None:
        """Close for good, within the limit."""
        self._stopped = True
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
            if not self._connecting.cancelled() and self._connecting.exception() is None:
                self._consumer = self._connecting.result()
            self._connecting = None
        await self.drop()

    async def _connect(self) -> AIOKafkaConsumer:
        began = monotonic_s()
        consumer = self._make()
        try:
            async with asyncio.timeout(self._settings.bus_request_timeout_s):
                await consumer.start()
                await self._prepare(consumer)
        except AWAY as error:
            await stop_consumer(consumer, self._settings.bus_stop_timeout_s)
            await asyncio.sleep(max(0.0, began + RETRY_S - monotonic_s()))
            raise BusError(f"Kafka is away: {type(error).__name__}: {error}") from error
        except BaseException:
            await stop_consumer(consumer, self._settings.bus_stop_timeout_s)
            raise
        return consumer
