"""One event as the suite sees it: CloudEvents 1.0 attributes and JSON data (CONTRACT §1)."""

from dataclasses import field
from datetime import datetime
from typing import Any

from amends.frozen import frozen


@frozen
class Event:
    """An event that was recorded.

    `time` is when the owning service recorded it (domain time, UTC, microseconds). `sequence` counts +1 per
    (source, ticket) and is None for events that belong to no ticket. `partitionkey` is the ticket id, or what the event
    is about. `data` is JSON as it stood on the wire, unknown fields included; `amends.events.registry.payload` gives the
    typed model. `extensions` are CloudEvents attributes that we do not know and carry on.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    partitionkey: str
    tenantid: str
    data: dict[str, Any]
    sequence: int | None = None
    correlationid: str | None = None
    causationid: str | None = None
    traceparent: str | None = None
    dataschema: str | None = None
    extensions: dict[str, str] = field(default_factory=dict)
