"""CONTRACT §2, transcribed: every event exists, with the fields that the page lists."""

import pytest
from pydantic import ValidationError

from amends.events.data import EventData
from amends.events.parts import Customer, Evidence, Invoice, Order, OrderItem, Party, ProposedRemedy, RemedyLine
from amends.events.registry import REGISTRY, TOPICS, UnknownData, topic_of
from amends.events.ticket import TicketOpened, TicketReclassified

CLASSIFICATION = (
    "channel kind case_type complaint_code level severity tags customer order merchant_id brand department owner"
)
OPENED = (
    f"ticket_no policy_version {CLASSIFICATION} external_id occurred_at accepted_at agreed_reply_at evidence imported"
)

LISTED = {
    "ticket.opened": OPENED,
    "ticket.department_asked": "department",
    "ticket.department_replied": "department effective decision reason evidence invoice",
    "ticket.assigned": "owner",
    "ticket.reclassified": f"{CLASSIFICATION} occurred_at agreed_reply_at evidence",
    "ticket.assessed": "findings",
    "ticket.liability_found": "party",
    "ticket.contacted": "by about channel amount agreed_reply_at",
    "ticket.customer_asked": "",
    "ticket.customer_replied": "",
    "ticket.evidence_added": "evidence",
    "ticket.goods_returned": "",
    "ticket.solution_proposed": "remedy",
    "ticket.solution_agreed": "remedy",
    "ticket.solution_rejected": "remedy",
    "ticket.solution_executed": "remedy",
    "ticket.reviewed": "stage verdict by",
    "ticket.extended": "clock due_at by role reason",
    "ticket.escalated": "to by reason",
    "ticket.linked": "incident_id",
    "ticket.resolved": "outcome",
    "ticket.closed": "",
    "ticket.reopened": "reason",
    "ticket.robot_switched": "on reason",
    "sla.clock_started": "clock run rule start_at due_at warn_at policy_version calendar_confirmed",
    "sla.clock_moved": "clock run from due_at reason",
    "sla.clock_stopped": "clock run outcome",
    "sla.deadline_warned": "clock run due_at",
    "sla.deadline_breached": "clock run step rule due_at as_of_sequence in_outage",
    "sla.escalated": "to reason",
    "sla.penalty_incurred": "owner amount rule",
    "compensation.decided": (
        "remedy_id rule clock run step remedy amount currency lines payer approval reason basis policy_version"
    ),
    "compensation.held": "rule clock run step reason",
    "compensation.approved": "remedy_id by reason",
    "compensation.rejected": "remedy_id by reason",
    "compensation.issued": "remedy_id external_reference",
    "compensation.failed": "remedy_id reason",
    "compensation.reversed": "remedy_id by reason",
    "compensation.charged_back": "remedy_id party amount rule evidence",
    "compensation.appealed": "remedy_id by reason",
    "compensation.appeal_decided": "remedy_id verdict by reason",
    "contact.revisit_planned": "revisit_id due_at reason",
    "contact.revisit_done": "revisit_id outcome by",
    "contact.message_sent": "template to channel",
    "contact.message_failed": "template to channel",
    "contact.survey_sent": "",
    "contact.survey_answered": "rating",
    "contact.feedback_given": "form",
    "alert.raised": "",
    "alert.rated": "",
    "alert.cleared": "",
    "policy.published": "version body",
    "watermark.advanced": "topic up_to end_offsets",
}

# "money in minor units, always with its currency": where §2 lists an amount alone, its currency may stand beside it.
COMPANIONS = {
    "ticket.contacted": {"currency"},
    "sla.penalty_incurred": {"currency"},
    "compensation.charged_back": {"currency", "policy_version", "reason"},
}


def wire_names(model: type) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_registry_holds_the_events_of_the_contract_and_no_other():
    assert list(REGISTRY) == [f"amends.{name}.v1" for name in LISTED]


@pytest.mark.parametrize("name", LISTED)
def test_an_event_has_exactly_its_listed_fields(name):
    model = REGISTRY[f"amends.{name}.v1"]
    assert wire_names(model) == set(LISTED[name].split()) | COMPANIONS.get(name, set())


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (Customer, "customer_id contact_ref contact_channels language"),
        (Order, "order_id currency paid_amount shipping_fee refunded_amount items"),
        (OrderItem, "line_id sku name quantity paid_amount affected missing_quantity impairs_use refunded_amount"),
        (Evidence, "id kind sha256"),
        (Invoice, "delivery_method carrier waybill email_sent_to"),
        (Party, "kind id"),
        (RemedyLine, "line_id amount"),
        (ProposedRemedy, "type amount currency lines"),
    ],
)
def test_the_parts_of_an_event_have_exactly_their_listed_fields(part, fields):
    assert wire_names(part) == set(fields.split())


def test_a_class_is_named_after_its_wire_type():
    for wire_type, model in REGISTRY.items():
        _, aggregate, happened, _ = wire_type.split(".")
        assert model.__name__ == aggregate.title() + happened.title().replace("_", "")


def test_every_event_travels_on_the_topic_of_its_aggregate():
    assert {topic_of(wire_type) for wire_type in REGISTRY} == set(TOPICS)
    assert topic_of("amends.ticket.sent_to_the_moon.v2") == "amends.ticket.v1"


@pytest.mark.parametrize("wire_type", ["ticket.opened", "amends.weather.rained.v1", "com.shop.ticket.v1", ""])
def test_a_type_of_another_suite_has_no_topic(wire_type):
    with pytest.raises(ValueError, match="no type of ours"):
        topic_of(wire_type)


def test_reclassified_carries_fields_of_opened_and_needs_none():
    assert wire_names(TicketReclassified) < wire_names(TicketOpened)
    assert TicketReclassified().to_data() == {}
    assert TicketReclassified(level=2, tags=()).to_data() == {"level": 2, "tags": []}


def test_every_model_is_frozen():
    for model in (*REGISTRY.values(), UnknownData):
        assert issubclass(model, EventData)
        assert model.model_config["frozen"]
    opened = TicketOpened(channel="phone", kind="complaint", case_type="exchange")
    with pytest.raises(ValidationError, match="frozen"):
        opened.level = 1
