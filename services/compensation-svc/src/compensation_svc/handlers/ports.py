"""What handlers are given from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from amends.outbox import Outbox
from amends.policy.book import PolicyBook


def _nobody() -> None:
    """Wake nobody: tests and the simulator have no relay."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Event times and facts go through `outbox`, pinned policies come from `policies`, fresh ids from `new_id`.

    `wake_relay` is called after a commit, never inside a transaction.
    """

    outbox: Outbox
    policies: PolicyBook
    new_id: Callable[[], UUID]
    wake_relay: Callable[[], None] = _nobody
