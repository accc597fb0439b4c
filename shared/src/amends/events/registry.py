"""Which model reads which wire type, and on which topic it travels."""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Any, ClassVar, Final

from pydantic import ValidationError

from amends.events import alert, compensation, contact, policy, sla, ticket, watermark
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.problems import NotAnEvent

_MODULES: Final = (ticket, sla, compensation, contact, alert, policy, watermark)


def _models_of(module: ModuleType) -> list[type[EventData]]:
    found = vars(module).values()
    return [it for it in found if isinstance(it, type) and issubclass(it, EventData) and "wire_type" in vars(it)]


REGISTRY: Final[Mapping[str, type[EventData]]] = MappingProxyType(
    {model.wire_type: model for module in _MODULES for model in _models_of(module)}
)
"""Wire type → model, in the order of CONTRACT §2."""

TICKET_TOPIC: Final = "amends.ticket.v1"
SLA_TOPIC: Final = "amends.sla.v1"
COMPENSATION_TOPIC: Final = "amends.compensation.v1"
CONTACT_TOPIC: Final = "amends.contact.v1"
ALERT_TOPIC: Final = "amends.alert.v1"
POLICY_TOPIC: Final = "amends.policy.v1"
WATERMARK_TOPIC: Final = "amends.watermark.v1"

TOPICS: Final = (
    TICKET_TOPIC,
    SLA_TOPIC,
    COMPENSATION_TOPIC,
    CONTACT_TOPIC,
    ALERT_TOPIC,
    POLICY_TOPIC,
    WATERMARK_TOPIC,
)
"""The topics of CONTRACT §1; dead letters go to `<topic>.dlq.<group>`."""

_TOPIC_BY_AGGREGATE: Final = {topic.split(".")[1]: topic for topic in TOPICS}
_TYPE_PARTS: Final = 4  # amends.<aggregate>.<what_happened>.v<n>


class UnknownData(EventData):
    """Data of a type that this version does not know; `raw` is all of it, as it came."""

    wire_type: ClassVar[str] = ""
    raw: dict[str, Any]

    def to_data(self) -> dict[str, Any]:
        """Return the data as it came."""
        return self.raw


def payload(event: Event) -> EventData:
    """Return the event's data as its model; of an unknown type, `UnknownData`.

    Raises:
        NotAnEvent: the data does not fit its type; `where` names the first field that does not.
    """
    model = REGISTRY.get(event.type)
    if model is None:
        return UnknownData(raw=event.data)
    try:
        return model.model_validate(event.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in ("data", *first["loc"]))
        raise NotAnEvent(where, f"{first['msg']} ({event.type}, {event.id})") from error


def topic_of(wire_type: str) -> str:
    """Return the topic of a wire type, known or not, by its aggregate.

    Raises:
        ValueError: not a type of this suite.
    """
    parts = wire_type.split(".")
    topic = _TOPIC_BY_AGGREGATE.get(parts[1]) if len(parts) == _TYPE_PARTS and parts[0] == "amends" else None
    if topic is None:
        raise ValueError(f"{wire_type!r} is no type of ours (amends.<aggregate>.<what_happened>.v1): it has no topic")
    return topic
