"""Waiting for what must come true in other processes: polled, with a limit, never a bare sleep."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from amends.clock import monotonic_s

T = TypeVar("T")

POLL_S = 0.1


async def eventually(check: Callable[[], Awaitable[T]], within_s: float, what: str) -> T:
    """Ask until the answer is truthy, and return it. Fails with the claim and the last answer when the time is over."""
    limit_s = monotonic_s() + within_s
    while not (answer := await check()):
        assert monotonic_s() < limit_s, f"not within {within_s:g} s: {what}; the last answer was {answer!r}"
        await asyncio.sleep(POLL_S)  # between looks at another process
    return answer
