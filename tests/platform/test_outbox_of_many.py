"""Facts about many tickets in few statements are recorded as facts about one are."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import claiming, reading, writing
from amends.events.ticket import TicketClosed, TicketReopened
from amends.outbox import Outbox, Told

pytestmark = pytest.mark.servers
US = timedelta(microseconds=1)


async def test_each_tickets_events_follow_each_other_without_gaps_in_time_and_sequence(engine: AsyncEngine) -> None:
    outbox = Outbox("/amends/test")
    reopened = TicketReopened(reason="again")
    async with writing(engine) as tx:
        at = await outbox.now(tx, "T-1")
        (first,) = await outbox.publish(tx, "T-1", [TicketClosed()], tenant="demo", at=at)
    async with writing(engine) as tx:
        told = [
            Told("T-1", "demo", [reopened, TicketClosed()], first),
            Told("T-2", "other", [TicketClosed()]),
            Told("T-1", "demo", []),
            Told("T-1", "demo", [reopened]),
        ]
        times = await outbox.now_of_many(tx, {"T-1", "T-2"})
        written = await outbox.publish_many(tx, told, at=times)
    assert [[it.sequence for it in events] for events in written] == [[2, 3], [1], [], [4]]
    assert [it.time - times["T-1"] for events in written for it in events if it.subject == "T-1"] == [
        0 * US,
        US,
        2 * US,
    ]
    assert times["T-1"] > first.time
    assert [it.causationid for it in written[0]] == [first.id, first.id]
    assert (written[1][0].tenantid, written[1][0].causationid) == ("other", None)
    async with reading(engine) as tx:
        stored = (await tx.execute(text("SELECT count(*) FROM outbox"))).scalar_one()
        last = (await tx.execute(text("SELECT last_sequence, last_time FROM streams WHERE subject = 'T-1'"))).one()
    assert stored == 5
    assert (last[0], last[1]) == (4, written[3][0].time)


async def test_times_of_many_are_taken_only_where_the_transaction_has_its_xid(engine: AsyncEngine) -> None:
    async with claiming(engine) as tx:
        with pytest.raises(RuntimeError, match="xid"):
            await Outbox("/amends/test").now_of_many(tx, {"T-1"})
