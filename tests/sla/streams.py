"""Streams of events for the clock machine, written as a person would: a type, an instant, a few fields."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from amends.events.envelope import Event
from amends.events.registry import topic_of
from amends.instants import format_instant, parse_instant
from amends.policy.load import default_policy
from amends.policy.model import Policy
from sla_svc.decisions.advance import Progress, advance

EXAMPLES = Path(__file__).parent / "examples"
TENANT = "demo"
MONDAY = datetime(2026, 5, 11, 1, 0, tzinfo=UTC)
"""Monday 11 May 2026, 09:00 in Shanghai: service time."""
H = timedelta(hours=1)
MIN = timedelta(minutes=1)
US = timedelta(microseconds=1)


def event(what: str, at: datetime, sequence: int | None = None, subject: str = "T-1", **data: Any) -> Event:
    topic = topic_of(f"amends.{what}.v1")
    source = {"amends.ticket.v1": "intake", "amends.contact.v1": "notify", "amends.compensation.v1": "compensation"}[
        topic
    ]
    return Event(
        id=f"{subject}/{what}/{format_instant(at)}/{sequence}",
        source=f"/amends/{source}",
        type=f"amends.{what}.v1",
        subject=subject,
        time=at,
        partitionkey=subject,
        tenantid=TENANT,
        data=data,
        sequence=sequence,
    )


def numbered(events: Sequence[Event]) -> list[Event]:
    """Give every event its sequence within its source, in the order given."""
    counts: dict[str, int] = {}
    out = []
    for it in events:
        counts[it.source] = counts.get(it.source, 0) + 1
        out.append(event(it.type[len("amends.") : -len(".v1")], it.time, counts[it.source], it.subject, **it.data))
    return out


def opened(at: datetime = MONDAY, **data: Any) -> Event:
    fields = {"policy_version": 1, "channel": "email", "kind": "after_sales", "case_type": "return_refund"}
    return event("ticket.opened", at, **(fields | data))


def asked(at: datetime, department: str = "warehouse") -> Event:
    return event("ticket.department_asked", at, department=department)


def replied(at: datetime, **data: Any) -> Event:
    fields = {"department": "warehouse", "effective": True, "decision": "accepted"}
    return event("ticket.department_replied", at, **(fields | data))


def contacted(at: datetime, about: str = "progress", **data: Any) -> Event:
    return event("ticket.contacted", at, **({"by": "agent", "about": about, "channel": "email"} | data))


def run(events: Sequence[Event], until: datetime, policy: Policy | None = None, **more: Any) -> Progress:
    return advance(None, numbered(events), policy or default_policy(), until, **more)


def facts(progress: Progress) -> list[dict[str, Any]]:
    """Flatten what happened: the instant, the wire type's last word, and the data on the wire."""
    return [
        {"at": it.at, "what": fact.wire_type.split(".")[2], **fact.to_data()}
        for it in progress.happenings
        for fact in it.facts
    ]


def of(progress: Progress, what: str, clock: str | None = None) -> list[dict[str, Any]]:
    return [it for it in facts(progress) if it["what"] == what and (clock is None or it.get("clock") == clock)]


def read_stream(name: str) -> list[Event]:
    """Read an example's input as recorded events of tenant demo."""
    events = []
    for line in (EXAMPLES / name).read_text().splitlines():
        raw = json.loads(line)
        what = raw["type"][len("amends.") : -len(".v1")]
        events.append(event(what, parse_instant(raw["time"]), subject=raw["subject"], **raw["data"]))
    return numbered(events)
