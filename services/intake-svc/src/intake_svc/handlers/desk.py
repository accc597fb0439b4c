"""What intake's handlers are given: ports and limits, wired once in `main`."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from amends.outbox import Outbox
from amends.policy.book import PolicyBook
from intake_svc.decisions.limits import Limits


@dataclass(frozen=True, slots=True)
class Desk:
    """The ports of every handler."""

    outbox: Outbox
    policies: PolicyBook
    limits: Limits
    make_id: Callable[[], UUID]
