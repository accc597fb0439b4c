"""The transactional outbox: an event is a row, written in the transaction of its effect (DESIGN 2, 3).

Event time is the owning database's: `greatest(domain clock, saved watermark + 1 µs, this subject's previous event
+ 1 µs)`, read after the transaction took its xid (`amends.db.writing` does that). So no event can appear at or below a
watermark that was published before it was visible.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from amends.db import Tx
from amends.events.codec import encode_structured
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import topic_of
from amends.events.schema import dataschema_uri
from amends.ids import new_id
from amends.tables import SHARDS
from amends.tracing import current_traceparent

EVENT_BYTES_MAX = 512 * 1024
_NO_XID = "an event time is taken in a transaction of `amends.db.writing`, which has its xid already"

_TAKE_TIMES = text("""
    INSERT INTO streams AS s (subject, last_sequence, last_time)
    SELECT subject, 0, GREATEST(domain_now(), (SELECT up_to + interval '1 microsecond' FROM watermark))
    FROM unnest(CAST(:subjects AS text[])) AS wanted (subject)
    WHERE pg_current_xact_id_if_assigned() IS NOT NULL ORDER BY subject
    ON CONFLICT (subject) DO UPDATE SET last_time = GREATEST(
        domain_now(), (SELECT up_to + interval '1 microsecond' FROM watermark), s.last_time + interval '1 microsecond')
    RETURNING subject, last_time
""")
_TAKE_SEQUENCES = text("""
    UPDATE streams AS s SET last_sequence = s.last_sequence + taken.count,
        last_time = GREATEST(s.last_time, taken.last_time)
    FROM unnest(CAST(:subjects AS text[]), CAST(:counts AS bigint[]), CAST(:last_times AS timestamptz[]))
        AS taken (subject, count, last_time)
    WHERE s.subject = taken.subject RETURNING s.subject, s.last_sequence
""")
_INSERT = text("""
    INSERT INTO outbox (id, shard, topic, key, tenant, subject, sequence, time, event)
    VALUES (:id, :shard, :topic, :key, :tenant, :subject, :sequence, :time, :event)
""")


class EventTooLarge(ValueError):  # noqa: N818 - named after what happened
    """The event is above `event_bytes_max`: refused now, so that nothing in the outbox can be refused by the bus."""


@dataclass(frozen=True, slots=True)
class Told:
    """Facts about one ticket, in order, and the event that led to them (none for a timer or a request)."""

    ticket_id: str
    tenant: str
    facts: Sequence[EventData]
    cause: Event | None = None


@dataclass(frozen=True, slots=True)
class Outbox:
    """Writes the events of one service. `source` is its CloudEvents source, e.g. `/amends/sla`."""

    source: str
    event_bytes_max: int = EVENT_BYTES_MAX
    make_id: Callable[[], UUID] = new_id

    async def now(self, tx: Tx, subject: str) -> datetime:
        """Take the event time for this subject and lock its stream until the transaction ends.

        Call it after the rows that the decision reads are locked, decide with it, then `publish(..., at=it)`.
        """
        return (await self.now_of_many(tx, [subject]))[subject]

    async def publish(
        self,
        tx: Tx,
        ticket_id: str,
        facts: Sequence[EventData],
        *,
        tenant: str,
        at: datetime,
        cause: Event | None = None,
    ) -> list[Event]:
        """Record what happened to a ticket, in order: sequence +1 each, times 1 µs apart from `at`.

        `cause` is the event that led to it (none for a timer or a request). Raises EventTooLarge.
        """
        if not facts:
            return []
        [events] = await self.publish_many(tx, [Told(ticket_id, tenant, facts, cause)], at={ticket_id: at})
        return events

    async def now_of_many(self, tx: Tx, subjects: Collection[str]) -> dict[str, datetime]:
        """Take the event time of each of these subjects at once, as `now` does of one."""
        rows = (await tx.execute(_TAKE_TIMES, {"subjects": list(subjects)})).all()
        if len(rows) < len(subjects):
            raise RuntimeError(_NO_XID)
        return {row[0]: row[1] for row in rows}

    async def publish_many(self, tx: Tx, told: Sequence[Told], *, at: Mapping[str, datetime]) -> list[list[Event]]:
        """Record what happened to many tickets in few statements, as `publish` does of one; a list of events for each.

        A ticket may be told of more than once: its events follow each other in the order given, 1 µs apart from its
        `at` (of `now_of_many`). Raises EventTooLarge.
        """
        counts = Counter[str]()
        for one in told:
            counts[one.ticket_id] += len(one.facts)
        subjects = [subject for subject, count in counts.items() if count]
        lasts = [at[subject] + timedelta(microseconds=counts[subject] - 1) for subject in subjects]
        values = {"subjects": subjects, "counts": [counts[subject] for subject in subjects], "last_times": lasts}
        next_sequence = {
            subject: last - counts[subject] + 1 for subject, last in await tx.execute(_TAKE_SEQUENCES, values)
        }
        first = dict(next_sequence)
        written: list[list[Event]] = []
        for one in told:
            events = []
            for fact in one.facts:
                sequence = next_sequence[one.ticket_id]
                next_sequence[one.ticket_id] += 1
                when = at[one.ticket_id] + timedelta(microseconds=sequence - first[one.ticket_id])
                events.append(self._event(fact, one.ticket_id, one.tenant, when, cause=one.cause, sequence=sequence))
            written.append(events)
        if rows := [event for events in written for event in events]:
            await self._insert(tx, rows)
        return written

    async def publish_about(
        self, tx: Tx, subject: str, fact: EventData, *, tenant: str, at: datetime, key: str | None = None
    ) -> Event:
        """Record something about a tenant or another subject that is no ticket: no sequence."""
        event = self._event(fact, subject, tenant, at, key=key)
        await self._insert(tx, [event])
        return event

    def _event(
        self,
        fact: EventData,
        subject: str,
        tenant: str,
        at: datetime,
        *,
        key: str | None = None,
        cause: Event | None = None,
        sequence: int | None = None,
    ) -> Event:
        event_id = str(self.make_id())
        return Event(
            id=event_id,
            source=self.source,
            type=fact.wire_type,
            subject=subject,
            time=at,
            partitionkey=key or subject,
            tenantid=tenant,
            data=fact.to_data(),
            sequence=sequence,
            correlationid=(cause.correlationid or cause.id) if cause else event_id,
            causationid=cause.id if cause else None,
            traceparent=current_traceparent() or (cause.traceparent if cause else None),
            dataschema=dataschema_uri(fact.wire_type),
        )

    async def _insert(self, tx: Tx, events: Sequence[Event]) -> None:
        await tx.execute(_INSERT, [self._row(event) for event in events])

    def _row(self, event: Event) -> dict[str, object]:
        body = encode_structured(event)
        if len(body) > self.event_bytes_max:
            raise EventTooLarge(
                f"the event {event.type} of {event.subject} has {len(body)} bytes, above the limit of "
                f"{self.event_bytes_max}; shorten its longest field"
            )
        return {
            "id": UUID(event.id),
            "shard": shard_of(event.partitionkey),
            "topic": topic_of(event.type),
            "key": event.partitionkey,
            "tenant": event.tenantid,
            "subject": event.subject,
            "sequence": event.sequence,
            "time": event.time,
            "event": body.decode(),
        }


def shard_of(key: str) -> int:
    """Return the outbox shard of a key; stable across machines and versions."""
    return zlib.crc32(key.encode()) % SHARDS
