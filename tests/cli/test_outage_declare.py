"""`amends outage declare`: what it sends, and how it says what is wrong."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from typer.testing import CliRunner

from amends_cli.commands.outage import app
from amends_cli.errors import CommandFailed, WrongUse
from amends_cli.suite.folder import DataFolder

TIMES = ("--since", "2026-05-13T09:00+08:00", "--until", "2026-05-13T11:30+08:00")


@dataclass
class Stub:
    """Issuer and sla in one: gives tokens, keeps what was declared, and answers `status`."""

    data: str = ""
    status: int = 201
    sent: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)


@pytest.fixture
def suite(tmp_path: Path) -> Iterator[Stub]:
    stub = Stub(str(tmp_path))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/token":
                self._answer(200, {"access_token": "t"})
                return
            stub.sent.append((self.path, json.loads(raw), self.headers["Idempotency-Key"]))
            refusal = {
                "title": "The request is not valid",
                "errors": [{"field": "until", "problem": "is too far ahead"}],
            }
            self._answer(stub.status, {"id": "o-1"} if stub.status == 201 else refusal)

        def _answer(self, status: int, body: Any) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}"
    DataFolder(tmp_path).write_endpoints({"issuer": url, "sla": url})
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield stub
    server.shutdown()
    thread.join()
    server.server_close()


def declared(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["declare", *arguments])


def test_the_outage_is_sent_to_sla_in_utc_under_a_key_of_its_own(suite: Stub) -> None:
    for _ in range(2):
        done = declared(*TIMES, "--reason", " power cut ", "--data", suite.data)
        assert (done.exit_code, done.stdout) == (0, "")
        assert "declared for tenant demo: 2026-05-13T01:00:00.000000Z to 2026-05-13T03:30:00.000000Z" in done.stderr
    (path, body, key), (_, again, other_key) = suite.sent
    assert path == "/v1/outages"
    assert body == {
        "since": "2026-05-13T01:00:00.000000Z",
        "until": "2026-05-13T03:30:00.000000Z",
        "reason": "power cut",
    }
    assert again == body
    assert key != other_key


def test_a_program_reads_the_answer_as_json(suite: Stub) -> None:
    done = declared(*TIMES, "--reason", "power cut", "--data", suite.data, "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"id": "o-1"})


def test_a_refusal_exits_1_with_the_fields_that_sla_names(suite: Stub) -> None:
    suite.status = 422
    done = declared(*TIMES, "--reason", "power cut", "--data", suite.data)
    assert isinstance(done.exception, CommandFailed)
    assert (done.exception.exit_code, "is too far ahead" in str(done.exception)) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*TIMES, "--reason", "  "), ["--reason says nothing"]),
        (("--since", TIMES[3], "--until", TIMES[1], "--reason", "x"), ["--until is not later than --since"]),
        (("--since", TIMES[1], "--until", TIMES[1], "--reason", "x"), ["--until is not later than --since"]),
        (
            ("--since", "2026-05-13T09:00", "--until", "soon", "--reason", ""),
            ["--since: 2026-05-13T09:00 has no time zone", "--until: ", "--reason says nothing"],
        ),
        ((*TIMES, "--reason", "power cut"), ["no suite is ready in"]),
    ],
)
def test_wrong_input_exits_2_and_says_all_that_is_wrong(
    tmp_path: Path, arguments: tuple[str, ...], told: list[str]
) -> None:
    done = declared(*arguments, "--data", str(tmp_path / "nothing"))
    assert isinstance(done.exception, WrongUse)
    assert done.exception.exit_code == 2
    assert [it for it in told if it not in str(done.exception)] == []


def test_without_times_and_a_reason_it_is_wrong_use() -> None:
    assert declared().exit_code == 2
