"""What the demo shows, and which folder it takes."""

import io
import json
from datetime import timedelta

import pytest
from rich.console import Console
from tests.cli.demo_stories import ASKED_AT, OPENED_AT, case_of, ideal, ideal_events

from amends.clock import TimeAnchor
from amends.events.codec import event_from_json
from amends_cli.demo.glance import glance, yuan
from amends_cli.demo.main import write_events
from amends_cli.demo.scenario import SCENARIO
from amends_cli.demo.session import CaseResult, Progress, Result
from amends_cli.demo.story import Story
from amends_cli.demo.suite import fresh_folder
from amends_cli.demo.table import Lines, conclusion, promised, showing, verdict
from amends_cli.errors import CommandFailed, WrongUse
from amends_cli.suite.folder import DataFolder
from amends_cli.suite.leases import Lease

ALL = Result(tuple(CaseResult(ideal(case), ()) for case in SCENARIO), (), 64.0)


def a_console(*, terminal: bool = False) -> tuple[Console, io.StringIO]:
    written = io.StringIO()
    return Console(file=written, width=160, force_terminal=terminal, color_system=None), written


def at_a_glance(key, until):
    events = [event for event in ideal_events(case_of(key)) if event.time <= until]
    return glance(Story.of(events), until)


def test_a_ticket_whose_department_was_asked_shows_the_deadline_that_comes_first():
    seen = at_a_glance("B1-silent", ASKED_AT + timedelta(hours=2))
    assert (seen.status, seen.deadline, seen.breaches, seen.remedies) == ("asked", "dept_reply in 10 h", "", "")


def test_a_ticket_at_its_end_shows_what_was_missed_and_what_was_paid():
    seen = at_a_glance("B8-silent", OPENED_AT + timedelta(hours=200))
    assert seen.breaches == "dept_reply, escalate ×2, contact_interval, dept_reply_second"
    assert seen.remedies == "voucher ¥60.00 ✓, refund ¥1,200.00 ✓"
    assert seen.status == "with manager"


def test_a_held_remedy_says_what_it_waits_for():
    held = [event for event in ideal_events(case_of("B3-held")) if not event.type.endswith(("decided.v1", "issued.v1"))]
    assert glance(Story.of(held), OPENED_AT).remedies == "held until the goods are back"


@pytest.mark.parametrize(("fen", "shown"), [(0, "¥0.00"), (5, "¥0.05"), (3333, "¥33.33"), (600000, "¥6,000.00")])
def test_amounts_are_shown_in_yuan(fen, shown):
    assert yuan(fen) == shown


def test_without_a_terminal_each_change_is_one_plain_line():
    console, written = a_console()
    progress = Progress(ALL.cases[:1], 12.0, TimeAnchor(OPENED_AT, OPENED_AT, 4320))
    lines = Lines(console)
    lines(progress)
    lines(progress)
    assert written.getvalue() == " 12.0 s  B1-silent    asked; missed: dept_reply; refund ¥199.00 ✓\n"


def test_a_terminal_gets_a_table_of_every_ticket():
    console, written = a_console(terminal=True)
    with showing(console) as show:
        show(Progress(ALL.cases, 3.0, TimeAnchor(OPENED_AT, OPENED_AT, 4320)))
    assert "27 of 27 as promised" in written.getvalue()


def test_the_last_sentence_says_that_all_is_well_or_how_much_is_not():
    remedies = [remedy.amount for case in SCENARIO for remedy in case.expected.remedies]
    assert f"{len(remedies)} remedies of {yuan(sum(remedies))}" in conclusion(ALL)
    wrong = Result((CaseResult(ideal(case_of("B1-silent")), ("a", "b")),), ("c",), 90.0)
    assert conclusion(wrong) == "1 of 1 tickets differ from the rulebook, in 3 points; the ledgers differ."


def test_the_verdict_crosses_out_what_differs_and_says_why():
    console, written = a_console()
    verdict(Result((CaseResult(ideal(case_of("B1-silent")), ("amount is 1, should be 19900",)),), (), 1.0), console)
    assert "✗ B1-silent: amount is 1, should be 19900" in written.getvalue()


@pytest.mark.parametrize("case", SCENARIO, ids=lambda case: case.key)
def test_every_case_says_in_words_what_must_come_of_it(case):
    assert promised(case)


def test_events_are_kept_as_cloudevents_that_can_be_read_back(tmp_path):
    file = tmp_path / "events.jsonl"
    write_events(Result((CaseResult(ideal(case_of("B1-silent")), ()),), (), 1.0), file)
    read = [event_from_json(json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    assert read == [event for event, _ in ideal(case_of("B1-silent")).story.told]


def test_a_named_folder_must_hold_nothing_yet(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(WrongUse, match="not empty"):
        fresh_folder(tmp_path / "mine")
    assert (tmp_path / "mine" / "file").exists()
    assert fresh_folder(tmp_path / "new").path.is_dir()


def test_the_demos_own_folder_is_wiped_with_what_lies_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    old = DataFolder(tmp_path / ".amends" / "demo")
    old.postgres.mkdir(parents=True)
    (old.postgres / "elsewhere").write_text(f"{elsewhere}\n")
    beside = tmp_path / ".amends" / "suite.json"
    beside.touch()
    fresh = fresh_folder(None)
    assert fresh.path == old.path
    assert list(fresh.path.iterdir()) == []
    assert not elsewhere.exists()
    assert beside.exists(), "the suite of `amends up` is none of the demo's"


def test_a_folder_from_which_a_suite_runs_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lease = Lease(DataFolder(tmp_path / ".amends" / "demo").lease)
    lease.take()
    with pytest.raises(CommandFailed, match="a suite runs from"):
        fresh_folder(None)
    lease.release()
    fresh_folder(None)
