"""The steps that many tickets have in common, in the words of CONTRACT §2."""

from datetime import timedelta
from typing import Any

from amends.events.parts import Party
from amends_cli.demo.model import AGENT, LEADER, MANAGER, OTHER_LEADER, Take, department, hours

EVIDENCE = [{"id": "photo-1", "kind": "photo", "sha256": "5f" * 32}]


def ask(name: str) -> Take:
    """Ask a department at once: its clock starts."""
    return Take("department-requests", {"department": name})


def reply(name: str, decision: str = "answered", *, wait: timedelta = timedelta(), **more: Any) -> Take:
    """Let the department reply, `wait` after it was asked; at once unless said otherwise. Effective unless `more` says no."""
    body = {"department": name, "effective": True, "decision": decision} | more
    return Take("department-replies", body, department(name), wait, since="asked")


def assess(findings: str) -> Take:
    """Assess an after-sales request at once, so that its clock `assess` is met."""
    return Take("assessment", {"findings": findings})


def find_liable(party: Party, *, wait: timedelta = timedelta()) -> Take:
    """Name the responsible party; at once unless said otherwise."""
    return Take("liability", {"party": {"kind": party.kind, "id": party.id}}, LEADER, wait)


def own(name: str = AGENT.subject or "") -> Take:
    """Give the ticket an owner, who answers for it (rule G2)."""
    return Take("assignment", {"owner": name})


def reviews_after_opening(count: float) -> tuple[Take, ...]:
    """Pass the three reviews that a serious ticket's resolution waits for, each by another person (rule E5)."""
    stages = (("first", LEADER), ("recheck", OTHER_LEADER), ("final", MANAGER))
    return tuple(Take("reviews", {"stage": stage, "verdict": "同意"}, who, hours(count)) for stage, who in stages)


def resolve_after_asking(count: float) -> Take:
    """Resolve the ticket so many hours after the department was asked."""
    return Take("resolution", {"outcome": "resolved"}, wait=hours(count), since="asked")


def resolve_after_opening(count: float) -> Take:
    """Resolve the ticket so many hours after it was opened."""
    return Take("resolution", {"outcome": "resolved"}, wait=hours(count))
