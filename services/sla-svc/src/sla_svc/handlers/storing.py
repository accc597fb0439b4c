"""Consumed events are stored, nothing else: their time comes when the watermarks have passed it (DESIGN, "Order")."""

from amends.db import Tx
from amends.events.compensation import CompensationIssued
from amends.events.contact import ContactFeedbackGiven, ContactRevisitDone
from amends.events.envelope import Event
from amends.events.registry import TICKET_TOPIC, payload, topic_of
from amends.events.ticket import TicketOpened, TicketRobotSwitched
from sla_svc.store import arrivals

READ_FROM_OTHERS = frozenset(
    model.wire_type for model in (CompensationIssued, ContactFeedbackGiven, ContactRevisitDone)
)
"""What decisions read of the contact and compensation topics. Of the ticket topic they count everything."""


async def store(tx: Tx, event: Event) -> None:
    """Store an event that may move a clock; others only move the position.

    Raises:
        NotAnEvent: its data does not fit its type: better known now, when it can be parked with its cause.
    """
    data = payload(event)
    if isinstance(data, TicketRobotSwitched):
        await arrivals.keep_switch(tx, event.tenantid, event.time, is_on=data.on)
        return
    if event.sequence is None or not (topic_of(event.type) == TICKET_TOPIC or event.type in READ_FROM_OTHERS):
        return
    if isinstance(data, TicketOpened):
        await arrivals.add_ticket(tx, event.subject, event.tenantid, data.policy_version or 1)
    await arrivals.keep(tx, event)
