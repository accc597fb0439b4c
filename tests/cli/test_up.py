"""`amends up` from the first start: set up once, healed, stopped (issue 4, item 9)."""

import json
import os
import signal

import pytest
from tests.cli.suite import Suite, answers, eventually, runs

from amends_cli.suite.folder import SERVICES

pytestmark = pytest.mark.servers


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
