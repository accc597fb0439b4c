"""Why a remedy is what it is, as JSON and in sentences: breach, rule, reckoning, caps, payer, approvals, events. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from amends.events import compensation as facts
from amends.events.data import EventData
from amends.events.envelope import Event
from amends.events.registry import payload
from amends.events.sla import SlaDeadlineBreached
from amends.events.ticket import TicketGoodsReturned, TicketReviewed
from amends.instants import format_instant
from amends.policy.model import Policy
from compensation_svc.decisions.catalogue import LANGUAGES, catalogue
from compensation_svc.decisions.hold import hold_after
from compensation_svc.decisions.sentences import Said, said


@dataclass(frozen=True, slots=True)
class Explained:
    """What an explanation is made of.

    `shown`: the remedy as the API shows it. `steps`: what the decision said of itself. `breach`: None for what a person
    proposed. `known`: the ticket's events that it was decided from; `later`: those after; `told`: what compensation
    published about this remedy.
    """

    shown: Mapping[str, Any]
    as_of_sequence: int | None
    waits: bool
    steps: Sequence[Said]
    breach: Event | None
    known: Sequence[Event]
    later: Sequence[Event]
    told: Sequence[Event]


_BY_PEOPLE: Final[Mapping[type[EventData], str]] = {
    facts.CompensationApproved: "approved",
    facts.CompensationRejected: "rejected",
    facts.CompensationFailed: "failed",
    facts.CompensationReversed: "reversed",
    facts.CompensationAppealed: "appealed",
}
_APPROVALS: Final = {"approved", "rejected", "reviewed"}


def explain(about: Explained, policy: Policy) -> dict[str, Any]:
    """Return the explanation: the same facts give the same words, whenever they are asked for."""
    since = [(event, one) for event in _since(about) if (one := _said_of(event)) is not None]
    ended = [said("waits_for_approval")] if about.waits else []
    if about.shown["state"] == "rejected" and not any(one.key.startswith("rejected") for _, one in since):
        ended = [said("hold_ended", hold=hold_after(about.later).name.lower())]
    everything = [*about.steps, *(one for _, one in since), *ended]
    zone = ZoneInfo(policy.timezone)
    whole = {name: about.shown[name] for name in _COPIED if name in about.shown} | {
        "as_of_sequence": about.as_of_sequence,
        "breach": _breach(about.breach),
        "caps": _caps(about.shown, policy),
        "approvals": [_step(event, one) for event, one in since if one.key.split("_")[0] in _APPROVALS],
        "steps": [{"key": one.key, **one.values} for one in everything],
        "events": [_listed(event) for event in _events(about)],
        "sentences": {
            language: [catalogue(language).sentence(one, zone) for one in everything] for language in LANGUAGES
        },
    }
    return {name: value for name, value in whole.items() if value is not None}


_COPIED: Final = (
    "remedy_id",
    "ticket_id",
    "state",
    "rule",
    "policy_version",
    "remedy",
    "amount",
    "currency",
    "lines",
    "reason",
    "payer",
    "charged_to",
    "appeal",
    "approval",
    "proposed_by",
)


def _since(about: Explained) -> list[Event]:
    """Return what happened to the remedy after it was decided, by time: the reviews that concern only proposals too."""
    proposed = about.breach is None
    of_ticket = [one for one in (*about.known, *about.later) if isinstance(payload(one), TicketReviewed) and proposed]
    of_ticket += [one for one in about.later if isinstance(payload(one), TicketGoodsReturned) and _was_held(about)]
    return sorted((*of_ticket, *about.told), key=lambda event: (event.time, event.sequence or 0, event.id))


def _was_held(about: Explained) -> bool:
    return any(isinstance(payload(one), facts.CompensationHeld) for one in about.told)


def _said_of(event: Event) -> Said | None:
    fact, at = payload(event), format_instant(event.time)
    key = _BY_PEOPLE.get(type(fact))
    if key is not None:
        return _by_person(key, at, getattr(fact, "by", None), getattr(fact, "reason", None))
    if isinstance(fact, facts.CompensationAppealDecided):
        return _by_person(f"appeal_{fact.verdict}", at, fact.by, fact.reason)
    return _happened(fact, at)


def _happened(fact: EventData, at: str) -> Said | None:
    found: Said | None = None
    match fact:
        case TicketReviewed():
            found = said("reviewed", at=at, stage=fact.stage, by=fact.by or "?", verdict=fact.verdict)
        case TicketGoodsReturned():
            found = said("goods_returned", at=at)
        case facts.CompensationHeld():
            found = said("held", at=at)
        case facts.CompensationDecided():
            found = said("decided", at=at)
        case facts.CompensationIssued():
            found = said("issued", at=at, reference=fact.external_reference)
        case facts.CompensationChargedBack():
            party = {"party_kind": fact.party.kind, "party": fact.party.id}
            money = {"amount": fact.amount, "currency": fact.currency or ""}
            found = said("charged_back", at=at, rule=fact.rule, version=fact.policy_version or "?", **party, **money)
    return found


def _by_person(key: str, at: str, by: str | None, reason: str | None) -> Said:
    values = {"at": at, "by": by or "?"}
    return said(f"{key}_because", reason=reason, **values) if reason else said(key, **values)


def _breach(event: Event | None) -> dict[str, Any] | None:
    fact = payload(event) if event else None
    if event is None or not isinstance(fact, SlaDeadlineBreached):
        return None
    return {"event_id": event.id, **fact.to_data()}


def _caps(shown: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """Return every limit that the amount was held to: what was left, as it was seen then, and the policy's."""
    amounts = policy.amounts
    limits = amounts.limits.model_dump() if shown.get("proposed_by") else {"automatic": amounts.limits.automatic}
    return {
        **shown.get("basis", {}),
        "limits": limits,
        "customer_cap": amounts.customer_cap.model_dump(exclude_none=True),
        "budget_per_day": policy.budgets.per_day,
        "currency": policy.currency,
    }


def _step(event: Event, one: Said) -> dict[str, Any]:
    return {"event_id": event.id, "step": one.key.removesuffix("_because"), **one.values}


def _events(about: Explained) -> list[Event]:
    breach = [about.breach] if about.breach else []
    later = [event for event in _since(about) if event not in about.told and event not in about.known]
    return sorted(
        {e.id: e for e in (*about.known, *breach, *later, *about.told)}.values(), key=lambda e: (e.time, e.id)
    )


def _listed(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": format_instant(event.time),
        "sequence": event.sequence,
    }
