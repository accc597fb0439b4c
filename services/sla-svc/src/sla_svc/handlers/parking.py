"""A ticket that cannot be decided is set aside with its cause; `amends dlq` shows it, a redrive tries it again."""

from collections.abc import Sequence

import structlog

from amends import dead_letters
from amends.bus.port import Record
from amends.db import Tx
from amends.events.codec import STRUCTURED_HEADERS, encode_structured
from amends.events.envelope import Event
from amends.events.registry import topic_of
from amends.metrics import PARKED
from sla_svc.decisions.advance import in_order
from sla_svc.store import arrivals

log = structlog.get_logger(__name__)

NOT_FROM_THE_BUS = -1
"""Partition and offset of a letter that was written when an event was applied, not when it was consumed."""


async def park(tx: Tx, ticket_id: str, events: Sequence[Event], error: Exception) -> None:
    """Park the ticket with a dead letter: the first event that waits, else (a timer failed) the last that was applied.

    The event stays stored and unapplied: after a redrive the ticket goes on from where it stood.
    """
    event = in_order(events)[0] if events else await arrivals.last(tx, ticket_id)
    if event is None:
        raise error
    record = Record(
        topic=topic_of(event.type),
        partition=NOT_FROM_THE_BUS,
        offset=NOT_FROM_THE_BUS,
        key=event.partitionkey,
        value=encode_structured(event),
        headers=STRUCTURED_HEADERS,
        log_time=event.time,
    )
    letter = await dead_letters.keep(tx, record, event, f"{type(error).__name__}: {error}")
    PARKED.inc()
    log.error(
        "a ticket's clocks cannot be worked; it is parked. See `amends dlq show` and redrive it when it is mended.",
        ticket=ticket_id,
        letter=str(letter),
        exc_info=error,
    )
