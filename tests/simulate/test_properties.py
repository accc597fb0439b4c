"""What holds of every simulation, whatever people do: shown on random streams, each named by its seed."""

import json
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from tests.simulate.random_streams import stream
from tests.simulate.streams import WEDNESDAY, of, said, written

UNTIL = WEDNESDAY + timedelta(days=12)
SEEDS = range(25)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_stream_gives_the_same_bytes_in_order_of_time(seed: int) -> None:
    events = said(stream(seed), UNTIL)
    assert written(events) == written(said(stream(seed), UNTIL))
    assert [one.time for one in events] == sorted(one.time for one in events)
    assert len({one.id for one in events}) == len(events)


@pytest.mark.parametrize("seed", SEEDS)
def test_ending_earlier_only_cuts_the_end_off(seed: int) -> None:
    middle = WEDNESDAY + timedelta(days=2, hours=seed)
    whole = [one for one in said(stream(seed), UNTIL) if one.time <= middle]
    assert written(said(stream(seed), middle)) == written(whole)


@pytest.mark.parametrize("seed", SEEDS)
def test_tickets_that_share_nothing_know_nothing_of_each_other(seed: int) -> None:
    together = said(stream(seed), UNTIL)
    for ticket in ("T-0", "T-3"):
        alone = [line for line in stream(seed) if json.loads(line)["subject"] == ticket]
        assert written(said(alone, UNTIL)) == written([one for one in together if one.subject == ticket])


@pytest.mark.parametrize("seed", SEEDS)
def test_every_run_starts_once_and_ends_at_most_once(seed: int) -> None:
    events = said(stream(seed), UNTIL)
    runs = {what: Counter(run_of(one) for one in of(events, f"sla.clock_{what}")) for what in ("started", "stopped")}
    assert set(runs["started"].values()) <= {1}
    assert set(runs["stopped"].values()) <= {1}
    assert runs["stopped"].keys() <= runs["started"].keys()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ticket_clock_and_step_has_one_remedy_and_an_order_gives_no_more_than_was_paid(seed: int) -> None:
    events = said(stream(seed), UNTIL)
    decided = [(one.subject, one.fact.to_data()) for one in of(events, "compensation.decided")]
    assert set(Counter((it, data["clock"], data["step"]) for it, data in decided).values()) <= {1}
    paid = {
        json.loads(line)["subject"]: json.loads(line)["data"].get("order", {}).get("paid_amount", 0)
        for line in stream(seed)
        if b"ticket.opened" in line
    }
    issued = {one.fact.to_data()["remedy_id"] for one in of(events, "compensation.issued")}
    refunded: dict[str, int] = defaultdict(int)
    for subject, data in decided:
        if data["remedy_id"] in issued and data["remedy"] != "cash_voucher":
            refunded[subject] += data["amount"]
    assert all(amount <= paid[subject] for subject, amount in refunded.items())


def run_of(one):
    data = one.fact.to_data()
    return one.subject, data["clock"], data["run"]
