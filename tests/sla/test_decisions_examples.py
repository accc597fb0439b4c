"""The worked examples: what sla says of each stream, in order, is what the page says."""

import json

import pytest
from tests.sla.streams import EXAMPLES, event, facts, read_stream

from amends.instants import format_instant, parse_instant
from amends.policy.load import default_policy
from sla_svc.decisions.advance import advance

UNTIL = {
    "short_shipment_silent": "2026-05-13T21:20:00Z",
    "late_delivery_two_steps": "2026-05-15T17:20:00Z",
    "agreed_reply_time": "2026-05-15T03:20:00Z",
}
COMPARED = ("clock", "run", "step", "rule", "start_at", "due_at", "warn_at", "outcome", "to")


@pytest.mark.parametrize("name", UNTIL)
def test_an_example_stream_gives_the_facts_that_it_says(name: str) -> None:
    expected = [json.loads(line) for line in (EXAMPLES / f"{name}.expected.jsonl").read_text().splitlines()]
    events = read_stream(f"{name}.input.jsonl")
    subject = events[0].subject
    own = [it for it in events if it.type.startswith("amends.ticket.")]
    # What other services say in the example is fed as it would arrive: a remedy issued, a ticket reopened (H6).
    for line in expected:
        if line["type"] == "amends.compensation.issued.v1":
            said = {"remedy_id": "r", "external_reference": "x"}
            own.append(event("compensation.issued", parse_instant(line["time"]), 1, subject, **said))
        if line["type"] == "amends.ticket.reopened.v1":
            own.append(event("ticket.reopened", parse_instant(line["time"]), len(own) + 1, subject, reason="rating 2"))
    progress = advance(None, own, default_policy(), parse_instant(UNTIL[name]))
    said = [
        {"time": format_instant(it["at"]), "what": it["what"], **{k: it[k] for k in COMPARED if k in it}}
        for it in facts(progress)
    ]
    wanted = [
        {"time": line["time"], "what": line["type"].split(".")[2], **line["data"]}
        for line in expected
        if line["type"].startswith("amends.sla.")
    ]
    assert said == wanted
