"""Published policies: sla on `amends.policy.v1`, kept for ever, key `tenant/<id>/<version>` (CONTRACT §1)."""

from typing import Any, ClassVar

from amends.events.data import EventData, Number


class PolicyPublished(EventData):
    """A tenant's policy, whole. Open tickets pin the version that they were opened under."""

    wire_type: ClassVar[str] = "amends.policy.published.v1"
    version: Number
    body: dict[str, Any]
