"""Streams of events as a test writes them, and the worked examples of the contract."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from amends.events.envelope import Event
from amends.instants import parse_instant
from amends.policy.load import default_policy

EXAMPLES = Path(__file__).parents[1] / "rulebook" / "examples"
POLICY = default_policy()
SOURCES = {"ticket": "/amends/intake", "sla": "/amends/sla", "compensation": "/amends/compensation"}


class Stream:
    """Makes events with ids and sequences counted per (source, ticket), as the services would."""

    def __init__(self, tenant: str = "demo") -> None:
        self.tenant = tenant
        self._sequences: dict[tuple[str, str], int] = defaultdict(int)
        self._made = 0

    def event(
        self,
        name: str,
        ticket: str = "T-1",
        at: str = "2026-05-13T01:20:00Z",
        *,
        cause: Event | None = None,
        **data: Any,
    ) -> Event:
        """Make the event `ticket.opened`, `sla.escalated`, …"""
        source = SOURCES[name.split(".", maxsplit=1)[0]]
        self._sequences[source, ticket] += 1
        self._made += 1
        return Event(
            id=str(UUID(int=self._made)),
            source=source,
            type=f"amends.{name}.v1",
            subject=ticket,
            time=parse_instant(at),
            partitionkey=ticket,
            tenantid=self.tenant,
            data=data,
            sequence=self._sequences[source, ticket],
            causationid=cause.id if cause else None,
        )

    def opened(self, ticket: str = "T-1", at: str = "2026-05-13T01:20:00Z", **data: Any) -> Event:
        """Make an `opened` with what a live one always has."""
        said = {"channel": "app", "kind": "after_sales", "case_type": "return_refund", "policy_version": 1}
        return self.event("ticket.opened", ticket, at, **said | {"ticket_no": f"NO-{ticket}"} | data)

    def read(self, raw: Mapping[str, Any], **more: Any) -> Event:
        """Make the event that a line of an example is."""
        name = raw["type"].removeprefix("amends.").removesuffix(".v1")
        return self.event(name, raw["subject"], raw["time"], **raw.get("data", {}) | more)


def lines(name: str) -> Iterator[dict[str, Any]]:
    """Yield the lines of an example's file."""
    for line in (EXAMPLES / name).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def is_contact(raw: Mapping[str, Any]) -> bool:
    return str(raw["type"]).startswith("amends.contact.")


def merged(name: str) -> list[dict[str, Any]]:
    """Return what notify consumes of an example: its input, and what sla and compensation said, in order of time.

    At one instant the input comes first, as in `amends simulate`. The examples leave out what is not compared: the
    remedy's id and the policy's version are put back.
    """
    given = [raw for raw in lines(f"{name}.input.jsonl") if not is_contact(raw)]
    said = [_completed(raw) for raw in lines(f"{name}.expected.jsonl") if not is_contact(raw)]
    return sorted([*given, *said], key=lambda raw: raw["time"])


def _completed(raw: dict[str, Any]) -> dict[str, Any]:
    remedy_id = f"{raw['subject']}/{raw['time']}"
    more: dict[str, dict[str, Any]] = {
        "amends.sla.clock_started.v1": {"policy_version": 1, "calendar_confirmed": True},
        "amends.sla.deadline_breached.v1": {"as_of_sequence": 1},
        "amends.sla.escalated.v1": {"reason": "G1"},
        "amends.compensation.decided.v1": {
            "remedy_id": remedy_id,
            "policy_version": 1,
            "basis": {"customer_remedies_90d": 0},
        },
        "amends.compensation.issued.v1": {"remedy_id": remedy_id, "external_reference": "R"},
        "amends.ticket.reopened.v1": {"reason": "H6"},
    }
    return {**raw, "data": {**raw["data"], **more.get(raw["type"], {})}}


def expected(name: str) -> list[dict[str, Any]]:
    """Return what notify is expected to publish in an example."""
    return [raw for raw in lines(f"{name}.expected.jsonl") if is_contact(raw)]
