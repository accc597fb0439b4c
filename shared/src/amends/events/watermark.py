"""How far a topic is complete: every service on `amends.watermark.v1` (DESIGN, "What makes a breach provable")."""

from typing import ClassVar

from amends.events.data import Count, EventData, Instant, Text


class WatermarkAdvanced(EventData):
    """Every event of `topic` with `time` ≤ `up_to` stands below `end_offsets`.

    `end_offsets`: partition → highest acknowledged offset + 1. On the wire its keys are strings, as JSON's always are.
    """

    wire_type: ClassVar[str] = "amends.watermark.advanced.v1"
    topic: Text
    up_to: Instant
    end_offsets: dict[int, Count]
