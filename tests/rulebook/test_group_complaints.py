"""RULEBOOK J3: what the default policy says of group complaints, and that linking a ticket decides nothing about it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from tests.rulebook.rules import POLICY
from tests.simulate.random_streams import stream
from tests.simulate.streams import said

from amends.instants import format_instant, parse_instant
from amends.policy.names import find_unknown_names
from amends_cli.simulate.telling import Said


def test_five_customers_within_24_hours_are_a_group_complaint_j3() -> None:
    rule = POLICY.groups
    assert rule is not None
    assert (rule.id, rule.kinds, rule.customers_min, rule.within) == ("J3", ("complaint",), 5, timedelta(hours=24))
    assert (rule.tag, rule.source) == ("group", ("D002",))


def test_its_tag_and_kinds_must_be_known_j3() -> None:
    body = POLICY.body()
    odd = POLICY.read(body | {"groups": body["groups"] | {"tag": "grup", "kinds": ["complain"]}})
    assert [(finding.row, finding.message.split(";")[0]) for finding in find_unknown_names(odd)] == [
        ("groups", "unknown tag 'grup'"),
        ("groups", "unknown kind 'complain'"),
    ]


def _linked(lines: Sequence[bytes]) -> list[bytes]:
    """The stream with every ticket linked and tagged a moment after each event of it, as intake does once of each."""
    told, tags = [], dict[str, list[str]]()
    for line in lines:
        event = json.loads(line)
        told.append(line)
        subject, data = event["subject"], event["data"]
        if event["type"] == "amends.ticket.opened.v1":
            tags[subject] = [*data.get("tags", ()), "group"]
        for what, added in (("linked", {"incident_id": "i-1"}), ("reclassified", {"tags": tags[subject]})):
            at = format_instant(parse_instant(event["time"]))
            also = {"type": f"amends.ticket.{what}.v1", "subject": subject, "time": at, "data": added}
            told.append(json.dumps(also).encode())
    return told


def _decided(events: Sequence[Said]) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [
        (format_instant(one.time), one.fact.wire_type, one.subject, one.fact.to_data() | {"as_of_sequence": 0, "id": 0})
        for one in events
    ]


@pytest.mark.parametrize("seed", range(40))
def test_linking_tickets_to_an_incident_moves_no_clock_and_no_money_j3(seed: int) -> None:
    plain = stream(seed)
    until = parse_instant(json.loads(plain[-1])["time"]) + timedelta(days=5)
    assert _decided(said(_linked(plain), until)) == _decided(said(plain, until))
