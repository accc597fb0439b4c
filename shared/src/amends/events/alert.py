"""Early warnings, published by sla on `amends.alert.v1` (RULEBOOK L). CONTRACT §2 gives them no fields yet."""

from typing import ClassVar

from amends.events.data import EventData


class AlertRaised(EventData):
    wire_type: ClassVar[str] = "amends.alert.raised.v1"


class AlertRated(EventData):
    wire_type: ClassVar[str] = "amends.alert.rated.v1"


class AlertCleared(EventData):
    wire_type: ClassVar[str] = "amends.alert.cleared.v1"
