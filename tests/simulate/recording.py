"""A recording of the live services, simulated again and compared: "Live equals simulated" of CONTRACT §4.

What is compared, per ticket and in order per source (notify's as a set), are the fields of FIELDS. What follows the
storefront's answer is compared apart from the rest, as a set: a simulated storefront pays at once, a real one takes as
long as it takes, and what happens meanwhile comes before its answer. Where a person took a step meanwhile, the step and
the answer are two orders of the same events: such a ticket is `overtaken`, and compared with nothing. A recording is cut
off somewhere: what its last moments had still to say may be missing from it, never anything before.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from amends.events.compensation import Basis
from amends.instants import parse_instant
from amends.policy.load import default_policy
from amends.policy.model import Policy
from amends_cli.simulate.running import reopenings_in, simulate
from amends_cli.simulate.simulation import Simulation

FIELDS = (
    "clock", "run", "step", "rule", "policy_version", "due_at", "remedy", "amount", "currency", "lines", "payer",
    "approval", "to", "template", "reason",
)  # fmt: skip
INTAKE, NOTIFY = "/amends/intake", "/amends/notify"
SOURCES = ("/amends/sla", "/amends/compensation", NOTIFY)
PAID = "what follows the storefront's answer"
ISSUED = "amends.compensation.issued.v1"
AFTER_THE_CALL = {ISSUED, "amends.compensation.charged_back.v1"}
READ = {
    "amends.compensation.approved.v1",
    "amends.compensation.rejected.v1",
    "amends.contact.revisit_done.v1",
    "amends.contact.survey_answered.v1",
    "amends.contact.feedback_given.v1",
}
"""What a simulation reads and does not write again."""

Json = dict[str, Any]
Fact = str
"""The compared fields of one event, as JSON."""


@dataclass(frozen=True)
class Told:
    """What one source says of one ticket: facts in order, with their times."""

    facts: tuple[Fact, ...]
    times: tuple[datetime, ...]


def compared(event: Mapping[str, Any]) -> Fact:
    data = event["data"]
    return json.dumps({"type": event["type"]} | {name: data[name] for name in FIELDS if name in data}, sort_keys=True)


Run = tuple[str, str, int]
"""Ticket, clock and run."""


def told(events: Iterable[Json], apart: Collection[Run] = ()) -> dict[tuple[str, str], Told]:
    """Return what sla, compensation and notify say of each ticket; an event that is there twice counts once.

    What follows the storefront's answers is told apart as PAID, and so are the stops of the runs of `apart`.
    """
    found = defaultdict(list)
    for event in _published(events):
        waited = event["type"] in AFTER_THE_CALL or _stopped(event) in apart
        found[event["subject"], PAID if waited else event["source"]].append(event)
    return {
        key: Told(tuple(map(compared, its)), tuple(parse_instant(it["time"]) for it in its))
        for key, its in found.items()
    }


def stopped_by_payment(events: Iterable[Json]) -> set[Run]:
    """Return the runs that the storefront's answer stopped."""
    published = _published(events)
    paid = {event["id"] for event in published if event["type"] in AFTER_THE_CALL}
    return {run for event in published if event.get("causationid") in paid and (run := _stopped(event)) is not None}


def _published(events: Iterable[Json]) -> list[Json]:
    once = {event["id"]: event for event in events if event["source"] in SOURCES and event["type"] not in READ}
    return sorted(once.values(), key=lambda it: int(it.get("sequence", 0)))


def _stopped(event: Json) -> Run | None:
    if event["type"] != "amends.sla.clock_stopped.v1":
        return None
    return event["subject"], event["data"]["clock"], event["data"]["run"]


def simulated(events: Sequence[Json], until: datetime, policy: Policy | None = None) -> list[Json]:
    """Simulate a recording; what its decisions saw of balances (`basis`) is taken from it."""
    ordered = sorted({event["id"]: event for event in events}.values(), key=lambda it: parse_instant(it["time"]))
    stream = [json.dumps(event).encode() for event in ordered]
    basis = {
        (event["subject"], data["clock"], data["step"]): Basis.model_validate(data["basis"])
        for event in events
        if event["type"] == "amends.compensation.decided.v1" and "clock" in (data := event["data"])
    }
    simulation = Simulation(policy or default_policy(), reopened_by_input=reopenings_in(stream), basis=basis)
    return [
        {
            "id": said.id,
            "source": said.source,
            "type": said.fact.wire_type,
            "subject": said.subject,
            "sequence": said.sequence,
            "time": said.moment.written,
            "causationid": said.causationid,
            "data": said.fact.to_data(),
        }
        for told_together in simulate(stream, simulation, until=until)
        for said in told_together
    ]


def differences(live: Sequence[Json], again: Sequence[Json], *, complete_until: datetime) -> list[str]:
    """Return how a recording and its simulation differ, a sentence each; of the simulation, what is later may be missing."""
    apart = stopped_by_payment(live) | stopped_by_payment(again)
    recorded, repeated = told(live, apart), told(again, apart)
    found = []
    for key in sorted(recorded.keys() | repeated.keys()):
        ours, theirs = recorded.get(key, Told((), ())), repeated.get(key, Told((), ()))
        differ = _as_set if key[1] in {NOTIFY, PAID} else _in_order
        found += [f"{key[0]} {key[1]}: {said}" for said in differ(ours, theirs, complete_until)]
    return found


def overtaken(live: Iterable[Json], again: Iterable[Json]) -> set[str]:
    """Return the tickets of which intake recorded something between a simulated payment and the real one."""
    at_once = {event["data"]["remedy_id"]: event["time"] for event in again if event["type"] == ISSUED}
    waits = defaultdict(list)
    steps = []
    for event in live:
        if event["type"] == ISSUED and (since := at_once.get(event["data"]["remedy_id"])) is not None:
            waits[event["subject"]].append((since, event["time"]))
        elif event["source"] == INTAKE:
            steps.append((event["subject"], event["time"]))
    return {ticket for ticket, at in steps if any(since < at <= until for since, until in waits[ticket])}


def _in_order(live: Told, again: Told, complete_until: datetime) -> list[str]:
    for number, (one, other) in enumerate(zip(live.facts, again.facts, strict=False), 1):
        if one != other:
            return [f"event {number}: live {one}, simulated {other} at {again.times[number - 1]}"]
    found = [f"live only: {fact}" for fact in live.facts[len(again.facts) :]]
    rest = zip(again.facts[len(live.facts) :], again.times[len(live.facts) :], strict=True)
    return found + [f"simulated only, at {at}: {fact}" for fact, at in rest if at <= complete_until]


def _as_set(live: Told, again: Told, complete_until: datetime) -> list[str]:
    missing = Counter(live.facts) - Counter(again.facts)
    surplus = Counter(again.facts) - Counter(live.facts)
    times = dict(zip(again.facts, again.times, strict=True))  # the last of each: what may still have been on its way
    found = [f"live only, {count} times: {fact}" for fact, count in missing.items()]
    return found + [
        f"simulated only, {count} times: {fact}" for fact, count in surplus.items() if times[fact] <= complete_until
    ]
