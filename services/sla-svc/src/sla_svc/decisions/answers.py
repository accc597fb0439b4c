"""Which waits an event ends: the words of a row's `stop` that it answers (CONTRACT §3, column "stops")."""

from amends.events.compensation import CompensationIssued
from amends.events.contact import ContactFeedbackGiven, ContactRevisitDone
from amends.events.data import EventData
from amends.events.ticket import (
    TicketAssessed,
    TicketContacted,
    TicketDepartmentReplied,
    TicketLiabilityFound,
    TicketResolved,
    TicketSolutionExecuted,
    TicketSolutionProposed,
)
from amends.policy.rows import Stop

_PLAIN: dict[type[EventData], Stop] = {
    TicketAssessed: "assessed",
    TicketLiabilityFound: "liability_found",
    TicketSolutionExecuted: "solution_executed",
    TicketResolved: "resolved",
    CompensationIssued: "compensation_issued",
    ContactFeedbackGiven: "feedback_given",
}


def answered(data: EventData, *, robot_on: bool = False) -> frozenset[Stop]:
    """Return the waits that an event ends, whatever the row; for a department's reply ask `is_effective` too."""
    if isinstance(data, TicketContacted):
        return frozenset(_contact(data, robot_on=robot_on))
    if isinstance(data, TicketSolutionProposed):
        with_amount = data.remedy.amount is not None
        return frozenset({"solution_proposed", *(("solution_proposed_with_amount",) if with_amount else ())})
    if isinstance(data, TicketDepartmentReplied):
        return frozenset({"department_replied_effectively"})
    if isinstance(data, ContactRevisitDone):
        return frozenset() if data.outcome == "unreachable" else frozenset({"revisit_reached_customer"})
    plain = _PLAIN.get(type(data))
    return frozenset() if plain is None else frozenset({plain})


def _contact(data: TicketContacted, *, robot_on: bool) -> set[Stop]:
    ended: set[Stop] = set()
    if data.by == "agent":
        ended.add("contacted_by_agent")
        if data.about in {"progress", "result"}:
            ended.add("contacted_about_progress_or_result")
    elif data.by == "robot" and robot_on:
        ended.add("contacted_by_robot_while_on")
    if data.about == "offer" and data.amount is not None:
        ended.add("contacted_about_offer_with_amount")
    return ended
