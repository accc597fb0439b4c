"""One ticket at a glance: what a row of the live table says, from its story alone. Pure."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from amends.currency import in_major_units
from amends.events.compensation import (
    CompensationApproved,
    CompensationDecided,
    CompensationHeld,
    CompensationIssued,
)
from amends.events.sla import SlaClockMoved, SlaClockStarted, SlaClockStopped, SlaDeadlineBreached, SlaEscalated
from amends.events.ticket import TicketDepartmentReplied, TicketOpened, TicketResolved
from amends_cli.demo.check_clocks import WATCHED
from amends_cli.demo.story import Story

_REMEDIES = {"cash_voucher": "voucher", "partial_refund": "part back", "full_refund": "refund"}


@dataclass(frozen=True, slots=True)
class Glance:
    """What is to be said of a ticket now; each field is short."""

    status: str
    deadline: str
    breaches: str
    remedies: str


def glance(story: Story, now: datetime) -> Glance:
    """Return a ticket at a glance, at a domain instant."""
    return Glance(_status(story), _deadline(story, now), _breaches(story), _remedies(story))


def yuan(fen: int) -> str:
    """Write an amount of fen."""
    return f"¥{in_major_units(fen, 'CNY')}"


def _status(story: Story) -> str:
    if not story.all(TicketOpened):
        return ""
    if story.all(TicketResolved):
        return "resolved"
    escalations = story.all(SlaEscalated)
    if escalations:
        return f"with {escalations[-1].to.replace('_', ' ')}"
    if any(reply.effective for reply in story.all(TicketDepartmentReplied)):
        return "answered"
    return "asked" if story.asked_at else "open"


def _deadline(story: Story, now: datetime) -> str:
    """Name the next deadline that is still to be met."""
    over = {(fact.clock, fact.run) for fact in story.all(SlaClockStopped)}
    over |= {(fact.clock, fact.run) for fact in story.all(SlaDeadlineBreached)}
    moved = {(fact.clock, fact.run): fact.due_at for fact in story.all(SlaClockMoved)}
    running = [
        (moved.get((fact.clock, fact.run), fact.due_at), fact.clock)
        for fact in story.all(SlaClockStarted)
        if fact.clock in WATCHED and (fact.clock, fact.run) not in over
    ]
    if not running:
        return ""
    due_at, clock = min(running)
    left_h = (due_at - now).total_seconds() / 3600
    return f"{clock} in {left_h:.0f} h" if left_h > 0 else f"{clock} now"


def _breaches(story: Story) -> str:
    counted = Counter(fact.clock for fact in story.all(SlaDeadlineBreached) if fact.clock in WATCHED)
    return ", ".join(f"{clock} ×{times}" if times > 1 else clock for clock, times in counted.items())


def _remedies(story: Story) -> str:
    issued = {fact.remedy_id for fact in story.all(CompensationIssued)}
    approved = {fact.remedy_id for fact in story.all(CompensationApproved)}
    parts = []
    decided = story.all(CompensationDecided)
    for fact in decided:
        waits = fact.approval == "required" and fact.remedy_id not in approved
        state = "✓" if fact.remedy_id in issued else "waits for approval" if waits else "…"
        parts.append(f"{_REMEDIES.get(fact.remedy, fact.remedy)} {yuan(fact.amount)} {state}")
    if len(story.all(CompensationHeld)) > len(decided):
        parts.append("held until the goods are back")
    return ", ".join(parts)
