"""The command line's manners: exit codes, and sentences that say what to do next (CONTRACT §7)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from amends.policy.load import default_text
from amends_cli.main import command_line, main


@dataclass(frozen=True)
class Done:
    exit_code: int
    stdout: str
    stderr: str


Amends = Callable[..., Done]


@pytest.fixture
def amends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Amends:
    """Runs the command in an empty folder, as its own process would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BUS_URL", raising=False)

    def run(*words: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        out, err = capfd.readouterr()
        return Done(int(str(ended.value.code or 0)), out, " ".join(err.split()))

    return run


def _commands() -> list[list[str]]:
    found: list[list[str]] = []

    def walk(command: object, path: list[str]) -> None:
        inner = getattr(command, "commands", None)
        if inner is None:
            found.append(path)
        for name, below in (inner or {}).items():
            walk(below, [*path, name])

    walk(get_command(command_line()), [])
    return found


@pytest.mark.parametrize("path", _commands(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: list[str]) -> None:
    shown = CliRunner().invoke(command_line(path[:1]), [*path, "--help"])

    assert shown.exit_code == 0
    assert "Example: " in shown.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["up", "--only", "billing"], "--only takes intake, sla, compensation, notify; not billing"),
        (["up", "--bus", "rabbit"], "--bus takes embedded or kafka"),
        (["up", "sla"], "Name services with --only"),
        (["token", "--role", "king"], "--role takes storefront"),
        (["token", "--role", "admin"], "no suite is ready in .amends: start one with `amends up`"),
        (["payouts", "sometimes"], "a mode is one of shadow, approve, automatic"),
        (["topics", "list"], "give --bus-url"),
        (["policy", "check", "missing.yaml"], "missing.yaml cannot be read"),
        (["dlq", "list", "--service", "billing"], "--service takes"),
        (["what"], "No such command"),
    ],
)
def test_wrong_use_exits_2_and_says_what_to_do(words: list[str], said: str, amends: Amends) -> None:
    done = amends(*words)

    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_down_where_nothing_runs_is_done_at_once(tmp_path: Path, amends: Amends) -> None:
    done = amends("down", "--data", str(tmp_path / "nothing"))

    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing runs" in done.stderr


def test_the_policy_that_ships_with_amends_passes_its_own_check(tmp_path: Path, amends: Amends) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(default_text(), encoding="utf-8")

    done = amends("policy", "check", str(file), "--json")

    assert done.exit_code == 0
    assert json.loads(done.stdout)["accepted"] is True


def test_a_policy_with_faults_exits_1_with_every_finding(tmp_path: Path, amends: Amends) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("title: nothing else\n", encoding="utf-8")

    done = amends("policy", "check", str(file), "--json")

    assert done.exit_code == 1
    assert len(json.loads(done.stdout)["findings"]) > 1
