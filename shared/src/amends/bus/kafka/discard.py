"""Ending aiokafka's clients within a limit, whatever state they are in.

aiokafka waits without end in `stop()` when the cluster is away: for its batches to be delivered, for a rebalance to
finish. When the limit is over, what it runs in the background is cut off here, so that nothing of it can still send,
and no task is left behind. This is the one place that reaches into its privates (0.14).
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from amends.bus.port import BusError

CUT_OFF_S = 2.0
"""How long tasks that were cancelled may take to notice."""

log = structlog.get_logger(__name__)


async def stop_within(client: Any, limit_s: float) -> bool:
    """Stop a client cleanly; False when it did not manage within the limit, or not whole.

    It runs as a task of its own: aiokafka lets the cancellation of its own children out of `stop()`, which would
    otherwise look like ours.
    """
    stopping = asyncio.create_task(client.stop(), name="kafka-stop")
    try:
        done, _ = await asyncio.wait([stopping], timeout=limit_s)
    finally:
        stopping.cancel()
    cause = "it takes too long" if not done else None
    if done and (stopping.cancelled() or stopping.exception() is not None):
        cause = "cancelled" if stopping.cancelled() else repr(stopping.exception())
    if cause is not None:
        log.warning("kafka_stop_cut_off", client=type(client).__name__, cause=cause)
        await asyncio.wait([stopping], timeout=CUT_OFF_S)
    return cause is None


async def stop_consumer(consumer: AIOKafkaConsumer, limit_s: float) -> None:
    """Stop a consumer, leaving its group; cut it off when that takes too long."""
    if await stop_within(consumer, limit_s):
        return
    coordinator, fetcher = consumer._coordinator, consumer._fetcher  # noqa: SLF001
    tasks = [
        getattr(owner, name, None)
        for owner, names in (
            (coordinator, ("_coordination_task", "_heartbeat_task", "_commit_refresh_task", "_reset_committed_task")),
            (fetcher, ("_fetch_task",)),
        )
        for name in names
    ]
    tasks += list(getattr(fetcher, "_pending_tasks", ()))
    await _cut_off(tasks)
    await _close(consumer._client)  # noqa: SLF001


async def discard_producer(producer: AIOKafkaProducer) -> None:
    """End a producer that failed, without delivering what it still holds: the caller sends that again."""
    producer._closed = True  # noqa: SLF001 - it is closed from here on, without its own flush
    sender = producer._sender  # noqa: SLF001
    await _cut_off([sender.sender_task])
    await _close(producer.client)
    producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001


async def _cut_off(tasks: Iterable[asyncio.Task[Any] | None]) -> None:
    running = [task for task in tasks if task is not None and not task.done()]
    for _ in range(2):  # The first cancellation may only make a task wait for its own children.
        for task in running:
            task.cancel()
        if running:
            _, pending = await asyncio.wait(running, timeout=CUT_OFF_S / 2)
            running = list(pending)


async def _close(client: Any) -> None:
    try:
        async with asyncio.timeout(CUT_OFF_S):
            await client.close()
    except (TimeoutError, KafkaError, OSError, BusError) as error:
        log.warning("kafka_close_cut_off", cause=repr(error))
