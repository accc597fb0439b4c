"""What becomes of an attempt to deliver: done, failed for good, or again later. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Literal

STOREFRONT = "storefront"
"""The channel that every message takes; its answer decides between `message_sent` and `message_failed`."""

_HEALS = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,  # a key that was changed, a token that just ended
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,  # our own first attempt is still in flight there
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended. `later`: it may heal, or its outcome is unknown; the same body goes again, same key."""

    outcome: Literal["done", "failed", "later"]
    error: str | None = None


def result_of(status: int, detail: str = "") -> Result:
    """Return what the storefront's answer means."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Result("done")
    heals = status in _HEALS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Result("later" if heals else "failed", f"{status} {detail}".strip()[:500])


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how fast an attempt is made again, in real seconds."""

    tries_max: int
    first_s: float
    longest_s: float

    def verdict(self, result: Result, attempts: int) -> Result:
        """Return the result, or failure when what may heal was tried often enough."""
        if result.outcome == "later" and attempts >= self.tries_max:
            return Result("failed", f"given up after {attempts} tries: {result.error}")
        return result

    def wait(self, attempts: int, spread: float) -> timedelta:
        """Return how long to wait after so many attempts; `spread` in [0, 1) keeps messages apart."""
        seconds = min(self.longest_s, self.first_s * 2.0 ** min(attempts - 1, 16))
        return timedelta(seconds=seconds * (0.75 + spread / 2))
