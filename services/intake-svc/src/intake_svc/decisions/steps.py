"""The steps of a ticket: what each noun takes in its body, and the event that it becomes (CONTRACT §6).

Every body is the event's data; what comes from the token is refused there.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amends.events import ticket as events
from amends.events.data import EventData
from amends.events.parts import ProposedRemedy
from intake_svc.decisions import checks
from intake_svc.decisions.access import Actor, answers_for
from intake_svc.decisions.life import allowed
from intake_svc.decisions.limits import Limits
from intake_svc.decisions.refusals import FieldProblem, NotYours, Refused, WrongState
from intake_svc.decisions.ticket import Ticket

FACTS: Final[Mapping[str, type[EventData]]] = {
    "department-requests": events.TicketDepartmentAsked,
    "department-replies": events.TicketDepartmentReplied,
    "assignment": events.TicketAssigned,
    "assessment": events.TicketAssessed,
    "liability": events.TicketLiabilityFound,
    "contacts": events.TicketContacted,
    "customer-questions": events.TicketCustomerAsked,
    "customer-replies": events.TicketCustomerReplied,
    "goods-returns": events.TicketGoodsReturned,
    "proposals": events.TicketSolutionProposed,
    "agreements": events.TicketSolutionAgreed,
    "rejections": events.TicketSolutionRejected,
    "executions": events.TicketSolutionExecuted,
    "reviews": events.TicketReviewed,
    "extensions": events.TicketExtended,
    "escalations": events.TicketEscalated,
    "links": events.TicketLinked,
    "resolution": events.TicketResolved,
    "closure": events.TicketClosed,
    "reopening": events.TicketReopened,
}
"""Noun → event, of the steps whose body is the event's data as it is. `classification` and `evidence` have their own."""

FROM_THE_TOKEN: Final[Mapping[str, tuple[str, ...]]] = {
    "reviews": ("by",),
    "extensions": ("by", "role"),
    "escalations": ("by",),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step that somebody takes on a ticket."""

    noun: str
    actor: Actor
    fact: EventData


def read_step(noun: str, raw: Mapping[str, Any], limits: Limits, now: datetime) -> EventData:
    """Return the event data that a body holds.

    Raises:
        Refused: with everything that is wrong, at once.
    """
    model = FACTS[noun]
    known = (*_from_the_token(noun, raw), *checks.shape_problems(model, raw))
    found = (
        *checks.value_problems(raw, limits),
        *checks.amount_problems(raw, limits),
        *_remedy_problems(raw, limits),
        *_reason_problems(noun, raw),
        *checks.promise_problems(raw, "agreed_reply_at", now, limits),
        *checks.promise_problems(raw, "due_at", now, limits),
    )
    if problems := checks.unlike(iter(found), known):
        raise Refused(problems)
    return model.from_client(raw)


def _from_the_token(noun: str, raw: Mapping[str, Any]) -> Iterator[FieldProblem]:
    for name in FROM_THE_TOKEN.get(noun, ()):
        if name in raw:
            yield FieldProblem(name, "comes from the token; leave it out")


def _remedy_problems(raw: Mapping[str, Any], limits: Limits) -> Iterator[FieldProblem]:
    remedy = raw.get("remedy")
    if isinstance(remedy, Mapping):
        yield from checks.amount_problems(remedy, limits, "remedy")


def _reason_problems(noun: str, raw: Mapping[str, Any]) -> Iterator[FieldProblem]:
    reason = raw.get("reason") or ""
    if noun == "escalations" and isinstance(reason, str) and not reason.strip():
        yield FieldProblem("reason", "an escalation needs a reason")


def taken(ticket: Ticket, step: Step) -> EventData:
    """Return the event that a step becomes, once its state allows it (`life.must_allow`).

    Raises:
        NotYours, Refused, WrongState: as the step's own rules say.
    """
    check = _CHECKS.get(type(step.fact))
    if check is not None:
        check(ticket, step)
    if "by" in FROM_THE_TOKEN.get(step.noun, ()):
        return step.fact.model_copy(update={"by": step.actor.name})
    return step.fact


def _replied(ticket: Ticket, step: Step) -> None:
    assert isinstance(step.fact, events.TicketDepartmentReplied)  # noqa: S101 - for the type checker
    department = step.fact.department
    if not answers_for(step.actor, department, ticket):
        raise NotYours(f"{step.actor.subject} may not answer for {department}")
    if department not in ticket.asked:
        raise WrongState(f"{department} was not asked; asked: {', '.join(ticket.asked)}", allowed(ticket))


def _contacted(_: Ticket, step: Step) -> None:
    assert isinstance(step.fact, events.TicketContacted)  # noqa: S101 - for the type checker
    if step.fact.by != "agent" and step.actor.role != "service":
        raise NotYours(f"by: {step.fact.by} is for role service; leave it out, or say agent")


def _remedy(ticket: Ticket, step: Step) -> None:
    remedy = getattr(step.fact, "remedy", None)
    assert isinstance(remedy, ProposedRemedy)  # noqa: S101 - for the type checker
    order = ticket.fields.get("order") or {}
    known = {item["line_id"] for item in order.get("items", ())}
    problems = [
        FieldProblem(f"remedy.lines[{at}].line_id", f"the ticket's order has no line {line.line_id!r}")
        for at, line in enumerate(remedy.lines or ())
        if known and line.line_id not in known
    ]
    if remedy.currency and order and remedy.currency != order.get("currency"):
        problems.append(FieldProblem("remedy.currency", f"the ticket's order is in {order.get('currency')}"))
    if problems:
        raise Refused(problems)


_CHECKS: Final[Mapping[type[EventData], Callable[[Ticket, Step], None]]] = {
    events.TicketDepartmentReplied: _replied,
    events.TicketContacted: _contacted,
    events.TicketSolutionProposed: _remedy,
    events.TicketSolutionAgreed: _remedy,
    events.TicketSolutionRejected: _remedy,
    events.TicketSolutionExecuted: _remedy,
}
