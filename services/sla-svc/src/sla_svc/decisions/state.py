"""What is known of one ticket's clocks between two events: a frozen value that goes to JSON and back.

Runs that were stopped are not here; no later decision asks for them (their numbers live on in `counts`).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from amends.frozen import altered, frozen
from amends.policy.choose import TicketFacts
from amends.policy.facts import facts_of
from amends.policy.model import Policy
from amends.policy.values import CLOCK_ORDER, ClockName

Phase = Literal["open", "resolved", "closed"]
RunState = Literal["running", "breached", "met", "late", "cancelled"]

ORDER = {clock: position for position, clock in enumerate(CLOCK_ORDER)}
"""CONTRACT §3's order: in which equal instants are worked."""

Spans = tuple[tuple[datetime, datetime], ...]
"""(start, end) of times, in order."""

_ASKED = ("channel", "kind", "case_type", "level", "tags", "brand")
_ASKED_OF_ITEMS = ("paid_amount", "affected")


def asked_about(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what rows ask about of the data of `opened` or `reclassified`: nothing of a person, no names of goods."""
    asked = {name: data[name] for name in _ASKED if data.get(name) is not None}
    order = data.get("order")
    if order:
        items = [{name: item[name] for name in _ASKED_OF_ITEMS if name in item} for item in order.get("items") or ()]
        currency = {"currency": order["currency"]} if "currency" in order else {}
        asked["order"] = {**currency, "items": items}
    return asked


@frozen
class Move:
    """A due time was changed: by whom it was agreed or extended is in `reason`; `at` is the event's time.

    `outage`: from when to when the outage was, where a declared one moved it.
    """

    at: datetime
    moved_from: datetime
    due_at: datetime
    reason: str
    outage: tuple[datetime, datetime] | None = None


@frozen
class Run:
    """One run of one clock.

    `start_at`: from when its time counts. `recorded_at`: the time of the event that started it, which can be later (a
    ticket accepted before it was recorded). `due_set_at`: the time of the event that set the present due time; no timer
    fires before it. `warned`: the due times it has warned of. `steps`: the steps it has breached. `due_extended`: the
    due time was set by a leader, and survives another row. `chosen_for`: what the ticket was when its row was chosen.
    `pauses`: (start, end) of the times that it stood still, in order. `paused_since`: it stands still now, and nothing
    of it fires. `in_outage`: a deadline that it missed lies where departments could not reply. `outages`: the times of
    declared outages that its due time gives back.
    """

    clock: ClockName
    run: int
    rule: str
    start_at: datetime
    recorded_at: datetime
    due_at: datetime
    due_set_at: datetime
    warn_at: datetime | None
    calendar_confirmed: bool
    state: RunState = "running"
    warned: tuple[datetime, ...] = ()
    steps: tuple[int, ...] = ()
    breached_at: datetime | None = None
    due_extended: bool = False
    moves: tuple[Move, ...] = ()
    ended_at: datetime | None = None
    chosen_for: TicketFacts | None = None
    pauses: Spans = ()
    paused_since: datetime | None = None
    in_outage: bool = False
    outages: Spans = ()


@frozen
class TicketClocks:
    """One ticket, as far as its deadlines go.

    `opened`: the fields that rows ask about, as they stand after reclassifications. `levels_up`: by how much reopenings
    raised the level. `runs`: those not stopped, one per clock at most, in CONTRACT §3's order. `counts`: the number of
    the last run of each clock. `escalated_to`: during this run of `escalate`. `excuses`: what spares the owner a
    penalty, in any run. `imported_at`: when an imported ticket arrived; deadlines before it have no consequences.
    `sequences`: (sequence, time) of the ticket's own events, for `as_of_sequence`. `waiting_since`: from when we have
    been waiting for the customer. `standing`: what rows ask of it, found when it last changed.
    """

    ticket_id: str
    tenant: str
    policy_version: int
    accepted_at: datetime
    opened: dict[str, Any]
    phase: Phase = "open"
    levels_up: int = 0
    owner: str | None = None
    department: str | None = None
    merchant_id: str | None = None
    imported_at: datetime | None = None
    runs: tuple[Run, ...] = ()
    counts: dict[str, int] | None = None
    escalated_to: tuple[str, ...] = ()
    excuses: tuple[str, ...] = ()
    penalised: bool = False
    sequences: tuple[tuple[int, datetime], ...] = ()
    waiting_since: datetime | None = None
    standing: TicketFacts | None = None

    def run(self, clock: str) -> Run | None:
        """Return the clock's run that is not stopped, if any."""
        return next((run for run in self.runs if run.clock == clock), None)

    def facts(self, policy: Policy) -> TicketFacts:
        """Return what the policy's rows ask of the ticket as it stands."""
        if self.standing is not None:
            return self.standing
        return facts_of(policy, self.tenant, self.opened, levels_up=self.levels_up)

    def standing_as(self, opened: dict[str, Any], levels_up: int, policy: Policy) -> "TicketClocks":
        """Return the ticket with other fields that rows ask about."""
        facts = facts_of(policy, self.tenant, opened, levels_up=levels_up)
        return altered(self, opened=opened, levels_up=levels_up, standing=facts)

    def last_sequence(self, until: datetime) -> int:
        """Return the sequence of the ticket's last own event with `time` ≤ until; 0 when there is none."""
        return max((sequence for sequence, at in self.sequences if at <= until), default=0)


@cache
def _json() -> TypeAdapter[TicketClocks]:
    return TypeAdapter(TicketClocks)


def to_json(state: TicketClocks) -> str:
    """Write the state for its row."""
    return _json().dump_json(state).decode()


def from_json(written: str) -> TicketClocks:
    """Read what `to_json` wrote, this version or an older one: fields are only added, with defaults."""
    return _json().validate_json(written)
