"""Makes the suite's topics on a bus, and lists them."""

import asyncio

from amends.bus.connect import connect
from amends.bus.port import BusError
from amends.bus.topics import suite_topics
from amends_cli.errors import CommandFailed

_WITHIN_S = 60.0
_PAUSE_S = 0.3


def apply_topics(bus_url: str, *, replication: int, min_insync: int) -> list[str]:
    """Make the topics that are missing and return their names. Raises CommandFailed when the bus stays away."""
    return asyncio.run(_apply(bus_url, replication, min_insync))


def list_topics(bus_url: str) -> dict[str, int]:
    """Return name → partitions of the topics on the bus. Raises CommandFailed when it is away."""
    return asyncio.run(_list(bus_url))


async def _apply(bus_url: str, replication: int, min_insync: int) -> list[str]:
    bus = connect(bus_url)
    try:
        async with asyncio.timeout(_WITHIN_S):
            await bus.start()
            while True:
                try:
                    return await bus.apply_topics(suite_topics(replication=replication, min_insync=min_insync))
                except BusError as error:
                    last = error
                    await asyncio.sleep(_PAUSE_S)
    except TimeoutError:
        raise CommandFailed(f"the bus did not take the topics within {_WITHIN_S:.0f} s: {last}") from None
    finally:
        await bus.stop()


async def _list(bus_url: str) -> dict[str, int]:
    bus = connect(bus_url)
    try:
        await bus.start()
        return await bus.topics()
    except BusError as error:
        raise CommandFailed(f"the bus does not answer: {error}") from error
    finally:
        await bus.stop()
