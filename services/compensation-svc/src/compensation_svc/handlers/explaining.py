"""Gather what a remedy's explanation is made of: nothing is decided here."""

import json
from collections.abc import Mapping
from typing import Any

from amends.db import Tx
from amends.events.envelope import Event
from compensation_svc.decisions.explanation import Explained
from compensation_svc.decisions.sentences import read_said
from compensation_svc.store import published, tickets
from compensation_svc.store.remedies import Remedy


async def load(tx: Tx, remedy: Remedy, shown: Mapping[str, Any]) -> Explained:
    """Return a remedy with its ticket's events and what was published about it. `shown`: as the API shows it."""
    events = await tickets.events(tx, remedy.ticket_id)
    until = remedy.as_of_sequence or 0
    return Explained(
        shown=shown,
        as_of_sequence=remedy.as_of_sequence,
        waits=remedy.waits_for_approval,
        steps=[read_said(one) for one in json.loads(remedy.explanation)],
        breach=remedy.breach_event if remedy.breach else None,
        known=[event for event in events if (event.sequence or 0) <= until],
        later=[event for event in events if (event.sequence or 0) > until],
        told=[event for event in await published.about(tx, remedy.ticket_id) if _is_about(event, remedy)],
    )


def _is_about(event: Event, remedy: Remedy) -> bool:
    """Say whether a published event is about this remedy; `held` names its clock and step instead."""
    named = event.data.get("remedy_id")
    if named is not None:
        return bool(named == str(remedy.remedy_id))
    return remedy.clock is not None and (event.data.get("clock"), event.data.get("step")) == (remedy.clock, remedy.step)
