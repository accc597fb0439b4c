"""`amends up` where a suite was before, or runs; `amends down` (issue 4, item 9)."""

import json
import os
import signal

import pytest
from tests.cli.suite import Suite, answers, eventually, runs

pytestmark = pytest.mark.servers


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
