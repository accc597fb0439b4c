"""The suite's topics (CONTRACT §1): their partitions and how long the bus keeps them."""

from amends.bus.port import TopicSpec

TICKET = "amends.ticket.v1"
SLA = "amends.sla.v1"
COMPENSATION = "amends.compensation.v1"
CONTACT = "amends.contact.v1"
ALERT = "amends.alert.v1"
POLICY = "amends.policy.v1"
WATERMARK = "amends.watermark.v1"

GROUPS = ("intake", "sla", "compensation", "notify")
"""The consumer groups: a service's short name (CONTRACT §7)."""

CONSUMED = {
    "intake": (SLA, COMPENSATION, CONTACT),
    "sla": (TICKET, CONTACT, COMPENSATION),
    "compensation": (TICKET, SLA),
    "notify": (TICKET, SLA, COMPENSATION, ALERT),
}
"""What each group reads with positions. Policies and watermarks are read without (DESIGN, decision 11)."""

DATA_PARTITIONS = 6
WATERMARK_RETENTION_S = 3600
DATA_RETENTION_S = 7 * 24 * 3600
"""The bus is only a buffer: everything ever published stays behind the services' `GET /v1/events`."""


def dlq_topic(topic: str, group: str) -> str:
    """Return the topic that takes what a group cannot apply of another topic."""
    return f"{topic}.dlq.{group}"


def suite_topics(
    *, replication: int = 1, min_insync: int = 1, data_retention_s: int = DATA_RETENTION_S
) -> list[TopicSpec]:
    """Return every topic of the suite, DLQ topics included."""

    def spec(name: str, partitions: int, retention_s: int | None) -> TopicSpec:
        return TopicSpec(name, partitions, retention_s, replication, min_insync)

    data = [spec(name, DATA_PARTITIONS, data_retention_s) for name in (TICKET, SLA, COMPENSATION, CONTACT, ALERT)]
    dead = [spec(dlq_topic(topic, group), 1, data_retention_s) for group in GROUPS for topic in CONSUMED[group]]
    return [*data, spec(POLICY, 1, None), spec(WATERMARK, 1, WATERMARK_RETENTION_S), *dead]
