"""The worked example of the README, with its explanation, is what comes out."""

import json
import re
from pathlib import Path

import pytest
from tests.compensation.facts import untouched, view
from tests.compensation.story import Story
from tests.simulate.examples import FOLDER

from amends.events.codec import decode
from amends.events.envelope import Event
from amends.events.registry import payload
from amends.instants import parse_instant
from amends.policy.load import default_policy
from amends_cli.main import main
from compensation_svc.decisions.explanation import Explained, explain
from compensation_svc.decisions.remedy import Seen, decide

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = re.search(r"^\$ \.venv/bin/amends (simulate .*)$", README, re.MULTILINE)
LEFT_OUT = "…"


def block_with(start: str) -> list[str]:
    """The lines of the README's code block that holds this text."""
    blocks = re.findall(r"^```\w*\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    [found] = [block for block in blocks if start in block]
    return found.splitlines()


def words(line: str) -> str:
    """A line without its borders and columns."""
    return " ".join(line.replace("│", " ").split())


def simulated(capfdbinary: pytest.CaptureFixture[bytes], *options: str) -> bytes:
    assert COMMAND
    with pytest.raises(SystemExit) as ended:
        main([*COMMAND[1].split(), *options])
    assert not ended.value.code
    return capfdbinary.readouterr().out


def test_the_table_is_what_the_command_prints_but_for_the_lines_left_out(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    printed = iter([words(line) for line in simulated(capfdbinary).decode().splitlines()])
    shown = [words(line) for line in block_with("$ .venv/bin/amends simulate")[1:] if words(line) != LEFT_OUT]
    assert len(shown) > 10
    for line in shown:
        assert line in printed, f"{line!r} is not printed there"


def test_the_explanation_is_what_the_service_says_of_it(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    said = [decode((), line) for line in simulated(capfdbinary, "--format", "jsonl").splitlines()]
    assert block_with("Rule B4:") == explain(explained(said), default_policy())["sentences"]["en"]


def explained(said: list[Event]) -> Explained:
    """What the service gathers of the example's remedy."""
    told = Story()
    for line in (FOLDER / "short_shipment_silent.input.jsonl").read_text().splitlines():
        event = json.loads(line)
        told.tell(event["type"].split(".")[2], at=parse_instant(event["time"]), **event["data"])
    [breach] = [e for e in said if e.type == "amends.sla.deadline_breached.v1" and e.data["clock"] == "dept_reply"]
    ours = [e for e in said if e.source == "/amends/compensation"]
    decision = decide(payload(breach), view(told), default_policy(), Seen(untouched(told), None, 0))
    shown = {**decision.fact.to_data(), "ticket_id": "T-parcel-short", "state": "issued"}
    return Explained(shown, 4, waits=False, steps=decision.steps, breach=breach, known=told.events, later=[], told=ours)
