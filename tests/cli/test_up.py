"""`amends up` and `amends down` with real servers and sandbox, and stand-ins for the four services (issue 4, item 9)."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from amends.clock import monotonic_s
from amends_cli.suite.folder import SERVICES

pytestmark = pytest.mark.servers

_STUB = Path(__file__).with_name("stub_service.py")
_WITHIN_S = 120.0


class Suite:
    """A suite in a folder of its own, whose services are stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.notes = folder / "notes"
        self.notes.touch()
        for service in SERVICES:
            package = folder / "stubs" / f"{service}_svc"
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            shutil.copy(_STUB, package / "main.py")
        self.environment = {**os.environ, "PYTHONPATH": str(folder / "stubs"), "STUB_NOTES": str(self.notes)}
        self.started: list[subprocess.Popen[str]] = []

    def up(self, *words: str) -> subprocess.Popen[str]:
        """Start `amends up` in the foreground and return at once."""
        process = subprocess.Popen(
            self._words("up", *words), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self._words(*words), check=False, env=self.environment, capture_output=True, text=True, timeout=300
        )

    def endpoints(self) -> dict[str, str]:
        return dict(self._json("endpoints.json"))

    def pids(self) -> dict[str, int]:
        return dict(self._json("processes.json"))

    def anchor(self) -> str | None:
        return dict(self._json("suite.json"))["anchor"]

    def ready(self) -> bool:
        return (self.data / "endpoints.json").exists()

    def end(self) -> None:
        self.run("down")
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def _words(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "amends_cli", *words, "--data", str(self.data)]

    def _json(self, name: str) -> Any:
        return json.loads((self.data / name).read_text(encoding="utf-8"))


def eventually(what: Callable[[], bool]) -> None:
    """Wait until it is so."""
    limit = monotonic_s() + _WITHIN_S
    while not what():
        assert monotonic_s() < limit, "did not come true in time"
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Suite]:
    made = Suite(tmp_path)
    yield made
    made.end()


def test_a_new_suite_is_ready_with_policy_and_payouts_heals_a_kill_and_stops_on_ctrl_c(suite: Suite) -> None:
    up = suite.up("--json")
    eventually(suite.ready)
    endpoints = suite.endpoints()
    assert set(endpoints) == {*SERVICES, "sandbox", "bus", "issuer"}
    assert all(answers(endpoints[name]) for name in (*SERVICES, "sandbox"))
    assert suite.notes.read_text().splitlines() == ["sla POST /v1/policies", "compensation PUT /v1/payouts"]

    before = suite.pids()
    for name in ("sla", "sandbox", "postgres"):
        os.kill(before[name], signal.SIGKILL)
    eventually(
        lambda: all(suite.pids().get(name) not in {None, before[name]} for name in ("sla", "sandbox", "postgres"))
    )
    eventually(lambda: answers(endpoints["sla"]) and answers(endpoints["sandbox"]))
    assert suite.endpoints() == endpoints
    token = suite.run("token", "--role", "manager", "--subject", "lin")
    assert token.returncode == 0
    assert token.stdout.count(".") == 2

    running = suite.pids()
    up.send_signal(signal.SIGINT)
    out, _ = up.communicate(timeout=120)
    assert up.returncode == 0
    assert json.loads(out) == endpoints
    assert not any(runs(pid) for pid in running.values())
    assert not suite.ready()


def test_a_suite_comes_back_at_its_ports_in_its_time_and_is_not_set_up_again(suite: Suite) -> None:
    started = suite.run("up", "--time-scale", "60", "--detach", "--json")
    endpoints = suite.endpoints()
    assert (started.returncode, json.loads(started.stdout)) == (0, endpoints)
    assert suite.run("down").returncode == 0
    assert not suite.ready()
    anchor = suite.anchor()
    assert anchor is not None

    refused = suite.run("up", "--time-scale", "1", "--detach")
    assert refused.returncode == 2
    assert "runs at scale 60" in refused.stderr

    assert suite.run("up", "--detach").returncode == 0
    assert (suite.endpoints(), suite.anchor()) == (endpoints, anchor)
    assert len(suite.notes.read_text().splitlines()) == 2


def test_a_second_instance_runs_beside_the_first_and_down_stops_both(suite: Suite) -> None:
    assert suite.run("up", "--detach").returncode == 0
    refused = suite.run("up")
    assert refused.returncode == 1
    assert "runs from" in refused.stderr

    beside = suite.run("up", "--only", "sla", "--detach")
    assert beside.returncode == 0
    (file,) = (suite.data / "instances").glob("*.json")
    second = json.loads(file.read_text())["sla"]
    assert second["url"] != suite.endpoints()["sla"]
    assert answers(second["url"])
    assert answers(suite.endpoints()["sla"])

    os.kill(second["pid"], signal.SIGKILL)
    eventually(lambda: json.loads(file.read_text())["sla"]["pid"] not in {None, second["pid"]})
    eventually(lambda: answers(second["url"]))
    third = json.loads(file.read_text())["sla"]["pid"]
    running = [*suite.pids().values(), third]
    assert suite.run("down").returncode == 0
    assert not any(runs(pid) for pid in running)


def test_a_suite_without_a_service_takes_it_up_later_at_its_usual_place(suite: Suite) -> None:
    assert suite.run("up", "--only", "intake,compensation,notify", "--detach").returncode == 0
    assert not answers(suite.endpoints()["sla"])
    assert suite.notes.read_text().splitlines() == ["compensation PUT /v1/payouts"]

    assert suite.run("up", "--only", "sla", "--detach").returncode == 0

    assert answers(suite.endpoints()["sla"])
    assert suite.notes.read_text().splitlines()[-1] == "sla POST /v1/policies"


def test_no_process_outlives_a_supervisor_that_was_killed(suite: Suite) -> None:
    up = suite.up()
    eventually(suite.ready)
    running = suite.pids()
    assert len(running) == len(SERVICES) + 2

    up.kill()

    eventually(lambda: not any(runs(pid) for pid in running.values()))
    assert suite.run("up", "--detach").returncode == 0


@pytest.mark.kafka
def test_the_same_on_kafka_which_is_healed_too(suite: Suite) -> None:
    assert suite.run("up", "--bus", "kafka", "--detach").returncode == 0
    assert suite.endpoints()["bus"].startswith("kafka://127.0.0.1:")
    listed = suite.run("topics", "list", "--json")
    assert "amends.ticket.v1.dlq.sla" in json.loads(listed.stdout)

    before = suite.pids()["kafka"]
    os.kill(before, signal.SIGKILL)
    eventually(lambda: suite.pids().get("kafka") not in {None, before})

    assert json.loads(suite.run("topics", "list", "--json").stdout) == json.loads(listed.stdout)
    assert suite.run("down").returncode == 0
    refused = suite.run("up", "--bus", "embedded")
    assert refused.returncode == 2
    assert "on the kafka bus" in refused.stderr
