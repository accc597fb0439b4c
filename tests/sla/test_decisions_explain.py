"""Why a deadline is when it is: every interval, every row that lost, every move, in Chinese and in English."""

import re
from datetime import datetime, timedelta
from itertools import pairwise
from string import Formatter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sla.streams import MIN, MONDAY, H, asked, contacted, event, opened, replied, run
from tests.sla.test_decisions_properties import streams

from amends.instants import format_instant, parse_instant
from amends.policy.load import default_policy
from amends.policy.values import CLOCK_ORDER
from sla_svc.decisions.advance import Progress, advance
from sla_svc.decisions.catalogue import LANGUAGES, catalogue
from sla_svc.decisions.explain import CRITERIA, explain
from sla_svc.decisions.intervals import intervals, time_run
from sla_svc.decisions.state import Run


def runs_of(progress: Progress) -> list[Run]:
    return [*(it for step in progress.happenings for it in step.ended), *progress.state.runs]


def explained(progress: Progress, clock: str, number: int = -1) -> dict[str, Any]:
    found = [it for it in runs_of(progress) if it.clock == clock][number]
    return explain(found, default_policy(), 1)


def spent(told: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    return [(it["spent"], it["from"][5:16], it.get("to", "-" * 16)[5:16]) for it in told["intervals"]]


def test_a_clock_that_only_ran_has_one_interval_up_to_its_stop() -> None:
    told = explained(run([opened(), asked(MONDAY), replied(MONDAY + 5 * H)], MONDAY + 6 * H), "dept_reply")
    assert spent(told) == [("ran", "05-11T01:00", "05-11T06:00")]
    assert (told["outcome"], told["state"], told["counted_s"]) == ("met", "met", 5 * 3600)


def test_a_clock_in_service_time_is_closed_at_night() -> None:
    # Opened on Monday at 20:50, `ack` has 15 min of service time: ten today, five from 08:30 tomorrow.
    late = MONDAY + timedelta(hours=11, minutes=50)
    told = explained(run([opened(late)], late), "ack")
    assert spent(told) == [
        ("ran", "05-11T12:50", "05-11T13:00"),
        ("closed", "05-11T13:00", "05-12T00:30"),
        ("ran", "05-12T00:30", "05-12T00:35"),
    ]
    assert (told["due_at"], told["counted_s"], told["outcome"]) == ("2026-05-12T00:35:00.000000Z", 900, None)
    assert "适用" in told["sentences"]["zh"][1]
    assert "It has 15min of service hours; other time does not count." in told["sentences"]["en"]
    assert "Stretches outside service hours, in which it did not run: 1." in told["sentences"]["en"]


def test_a_wait_for_the_customer_is_an_interval_and_moves_the_deadline() -> None:
    stream = [
        opened(),
        event("ticket.customer_asked", MONDAY + 2 * H),
        event("ticket.customer_replied", MONDAY + 12 * H),
    ]
    told = explained(run(stream, MONDAY + 13 * H), "complete")
    assert spent(told) == [
        ("ran", "05-11T01:00", "05-11T03:00"),
        ("paused", "05-11T03:00", "05-11T13:00"),
        ("ran", "05-11T13:00", "05-13T11:00"),
    ]
    assert told["counted_s"] == 48 * 3600
    assert (
        "It stood still from 2026-05-11 11:00:00 to 2026-05-11 21:00:00: we were waiting for the customer."
        in (told["sentences"]["en"])
    )
    assert any("顾客已答复" in it for it in told["sentences"]["zh"])


def test_a_wait_that_lasts_has_no_end() -> None:
    told = explained(run([opened(), event("ticket.customer_asked", MONDAY + 2 * H)], MONDAY + 90 * H), "complete")
    assert spent(told) == [("ran", "05-11T01:00", "05-11T03:00"), ("paused", "05-11T03:00", "-" * 11)]
    assert told["outcome"] is None
    assert any("正在等待顾客" in it for it in told["sentences"]["zh"])


def test_a_breached_clock_is_overdue_until_its_stop() -> None:
    stream = [opened(), asked(MONDAY), replied(MONDAY + 20 * H)]
    told = explained(run(stream, MONDAY + 21 * H), "dept_reply")
    assert spent(told) == [("ran", "05-11T01:00", "05-11T13:00"), ("overdue", "05-11T13:00", "05-11T21:00")]
    assert (told["outcome"], told["breached_at"], told["steps"]) == ("late", "2026-05-11T13:00:00.000000Z", [1])
    assert told["sentences"]["en"][-2:] == [
        "It was missed at 2026-05-11 21:00:00.",
        "What it waited for came at 2026-05-12 05:00:00: late.",
    ]
    still = explained(run([opened(), asked(MONDAY)], MONDAY + 21 * H), "dept_reply")
    assert spent(still)[-1] == ("overdue", "05-11T13:00", "-" * 11)


def test_each_row_that_lost_says_by_what() -> None:
    told = explained(run([opened(), asked(MONDAY)], MONDAY), "dept_reply")
    assert [(it["rule"], it.get("lost_by")) for it in told["chosen"]["matching"]] == [
        ("B1", None),
        ("B11", "case_type"),
    ]
    assert "Rule B1 applies and not B11: it names the case type." in told["sentences"]["en"]
    assert "适用规则 B1，而非 B11：它指明了该类型。" in told["sentences"]["zh"]
    alone = explained(run([opened()], MONDAY), "escalate")
    assert "Rule G1 applies: no other row of this clock is for this ticket." in alone["sentences"]["en"]


def test_moves_are_told_with_what_moved_them() -> None:
    leader: dict[str, Any] = {"by": "chen", "role": "manager", "reason": "parts {late}"}
    later = format_instant(MONDAY + 60 * H)
    stream = [
        opened(kind="consultation", case_type="other"),
        contacted(MONDAY + MIN, "greeting", agreed_reply_at="2026-05-12T02:00:00Z"),
        event("ticket.reclassified", MONDAY + 2 * MIN, tags=["complex"]),
        event("ticket.extended", MONDAY + 3 * MIN, clock="escalate", due_at=later, **leader),
    ]
    told = run(stream, MONDAY + H)
    agreed = explained(told, "progress_reply")["sentences"]["en"]
    assert any(it.startswith("At 2026-05-11 09:01:00 a time was agreed with the customer") for it in agreed)
    assert "Its deadline is the time that was agreed with the customer." in agreed
    assert any("reclassified" in it for it in explained(told, "solve")["sentences"]["en"])
    extended = explained(told, "escalate")
    assert any(it.endswith("The reason given: parts {late}") for it in extended["sentences"]["en"])
    assert extended["moves"][0]["due_at"] == later


def test_what_was_missed_agreed_anew_and_answered_before_that_is_overdue_no_more() -> None:
    agreed = contacted(MONDAY + 10 * H, "greeting", agreed_reply_at=format_instant(MONDAY + 13 * H))
    told = explained(run([opened(), agreed, contacted(MONDAY + 12 * H)], MONDAY + 14 * H), "progress_reply")
    assert (told["outcome"], told["intervals"]) == (
        "late",
        [{"spent": "ran", "from": format_instant(MONDAY), "to": format_instant(MONDAY + 12 * H)}],
    )


def test_an_unconfirmed_year_and_an_outage_are_said() -> None:
    far = datetime.fromisoformat("2031-03-03T01:00:00+00:00")
    stream = [opened(far), event("ticket.resolved", far + H, outcome="resolved")]
    told = explained(run(stream, far + 2 * H), "feedback")
    assert told["calendar_confirmed"] is False
    assert any("holidays" in it for it in told["sentences"]["en"])
    out = explained(run([opened(), asked(MONDAY)], MONDAY + 20 * H, in_outage=lambda _: True), "dept_reply")
    assert out["in_outage"] is True
    assert any("中断" in it for it in out["sentences"]["zh"])


def test_a_second_step_is_said() -> None:
    told = explained(run([opened()], MONDAY + 80 * H), "escalate")
    assert told["steps"] == [1, 2]
    assert "Its second step was missed too." in told["sentences"]["en"]


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    zh, en = (catalogue(language) for language in LANGUAGES)
    assert zh.sentences.keys() == en.sentences.keys()
    for key in zh.sentences:
        assert _places(zh.sentences[key]) == _places(en.sentences[key]), key
    for words in (zh.words, en.words):
        assert set(words["clock"]) == set(CLOCK_ORDER)
        assert set(words["criterion"]) == set(CRITERIA)


def _places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@settings(max_examples=60, deadline=None)
@given(streams(), st.integers(0, 24_000))
def test_every_run_of_every_stream_can_be_explained_without_a_gap(stream: list[Any], minutes: int) -> None:
    policy = default_policy()
    progress = advance(None, stream, policy, max(MONDAY + minutes * MIN, stream[-1].time))
    for it in runs_of(progress):
        told = explain(it, policy, 1)
        assert [len(told["sentences"][language]) for language in LANGUAGES] == [len(told["sentences"]["zh"])] * 2
        assert not any(re.search(r"\{[a-z_]+\}", sentence) for sentence in told["sentences"]["en"])
        pieces = told["intervals"]
        for before, after in pairwise(pieces):
            assert parse_instant(before["to"]) == parse_instant(after["from"])
            assert before["spent"] != after["spent"]
        if pieces:
            assert parse_instant(pieces[0]["from"]) == it.start_at


@pytest.mark.parametrize("until", [48, 100])
def test_what_ran_until_the_due_time_is_the_target(until: int) -> None:
    stream = [opened()]
    for hour in (1, 9, 30):
        stream += [
            event("ticket.customer_asked", MONDAY + hour * H),
            event("ticket.customer_replied", MONDAY + (hour + 3) * H),
        ]
    progress = run(stream, MONDAY + until * H)
    (complete,) = [it for it in runs_of(progress) if it.clock == "complete"]
    row = default_policy().row("complete", "B12")
    assert row is not None
    assert time_run(intervals(complete, row, default_policy())) == row.target
