"""Declaring an outage: the declaration is one row and commits first; the clocks that it moves follow, some at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from amends.db import Tx
from amends.ids import new_id
from sla_svc.decisions.declared import Declared
from sla_svc.store import declared


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declared outage as it was written down. `at`: domain time."""

    id: UUID
    outage: Declared
    by: str
    at: datetime


async def declare(
    tx: Tx,
    tenant: str,
    *,
    since: datetime,
    until: datetime,
    reason: str,
    by: str,
    hold_after: timedelta,
    make_id: Callable[[], UUID] = new_id,
) -> Declaration:
    """Write an outage down, behind everything that was certain until now.

    `hold_after`: deadlines within it (domain time) after the end count as in it. Nobody works a ticket further until
    this commits, so it is the last that its transaction does.
    """
    outage_id = make_id()
    certain_up_to, now = await declared.worked(tx)
    outage = Declared(since, until, until + hold_after, certain_up_to, reason)
    await declared.add(tx, outage_id, tenant, outage, by=by, at=now)
    return Declaration(outage_id, outage, by, now)


async def hand_over_some(tx: Tx, count: int) -> bool:
    """Hand over to the applier up to `count` tickets that a declared outage touches; False: there are none left.

    They are worked when their next event or timer comes at the latest: this is for those who look before.
    """
    page = await declared.next_page(tx, count)
    if page is None:
        return False
    await declared.hand_over(tx, page)
    return True
