"""`amends simulate` as a person or a program runs it."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.simulate.streams import SILENT, WEDNESDAY, H, line, lines

from amends_cli.main import main

STREAM = b"\n".join(lines(*SILENT)) + b"\n"
UNTIL = "2026-05-13T21:30:00+08:00"


@dataclass(frozen=True)
class Done:
    exit_code: int
    out: bytes
    err: str


@pytest.fixture
def amends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_bytes(STREAM)

    def run(*words: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(["simulate", *words])
        out, err = capfdbinary.readouterr()
        return Done(int(str(ended.value.code or 0)), out, " ".join(err.decode().split()))

    return run


def test_the_same_input_gives_the_same_bytes_from_a_file_or_through_a_pipe(amends, monkeypatch, tmp_path):
    from_file = amends("in.jsonl", "--until", UNTIL)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STREAM)))
    from_pipe = amends("-", "--until", UNTIL)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STREAM)))
    by_default = amends("--until", UNTIL, "--output", "out.jsonl")
    assert from_file.exit_code == from_pipe.exit_code == by_default.exit_code == 0
    assert from_file.out == from_pipe.out == (tmp_path / "out.jsonl").read_bytes()
    assert json.loads(from_file.out.splitlines()[-1])["type"] == "amends.contact.message_sent.v1"
    assert by_default.out == b""


def test_a_bad_line_leaves_no_file_and_names_the_line_and_the_field(amends, tmp_path):
    (tmp_path / "out.jsonl").write_text("from an earlier run")
    (tmp_path / "bad.jsonl").write_bytes(STREAM + line("ticket.contacted", WEDNESDAY + H, {"about": "progress"}))
    done = amends("bad.jsonl", "--output", "out.jsonl")
    assert done.exit_code == 2
    assert done.err == "amends: bad.jsonl, line 4: data.channel: Field required"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "in.jsonl"]


def test_a_stream_out_of_order_is_refused_unless_it_is_to_be_sorted(amends, tmp_path):
    (tmp_path / "mixed.jsonl").write_bytes(b"\n".join(lines(SILENT[0], SILENT[2], SILENT[1])))
    refused = amends("mixed.jsonl")
    assert refused.exit_code == 2
    assert "line 3: time: 2026-05-13T01:25:00.000000Z is earlier than line 2's" in refused.err
    assert amends("mixed.jsonl", "--sort", "--until", UNTIL).out.count(b"\n") == amends(
        "in.jsonl", "--until", UNTIL
    ).out.count(b"\n")


def test_for_people_there_is_a_table_in_the_policys_time(amends):
    shown = " ".join(amends("in.jsonl", "--until", UNTIL, "--format", "table").out.decode().replace("│", " ").split())
    assert "times of Asia/Shanghai" in shown
    assert "Wed 13 May 21:30:00" in shown
    assert "remedy full_refund, amount CNY 200.00" in shown


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["missing.jsonl"], "missing.jsonl cannot be read"),
        (["in.jsonl", "--until", "tomorrow"], "--until tomorrow"),
        (["in.jsonl", "--until", "2026-05-13T00:00:00"], "no time zone"),
        (["in.jsonl", "--format", "xml"], "--format xml: it is one of jsonl, table"),
        (["in.jsonl", "--policy", "missing.yaml"], "missing.yaml cannot be read"),
        (["in.jsonl", "--policy", "in.jsonl"], "in.jsonl is refused"),
        (["in.jsonl", "--output", "in.jsonl"], "in.jsonl is the input"),
        (["in.jsonl", "--output", "no/such/folder"], "no/such/folder cannot be written"),
        (["in.jsonl", "--nonsense"], "No such option"),
    ],
)
def test_wrong_use_is_told_and_exits_with_2(amends, words, problem):
    done = amends(*words)
    assert (done.exit_code, done.out) == (2, b"")
    assert problem in done.err


def test_an_empty_input_says_nothing(amends, tmp_path):
    (tmp_path / "empty.jsonl").write_bytes(b"")
    done = amends("empty.jsonl", "--until", UNTIL)
    assert (done.exit_code, done.out) == (0, b"")


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path):
    (tmp_path / "in.jsonl").write_bytes(
        b"".join(line(w, WEDNESDAY, d, subject=f"T-{n}") + b"\n" for n in range(300) for w, _, d in SILENT)
    )
    words = [sys.executable, "-m", "amends_cli", "simulate", str(tmp_path / "in.jsonl")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        assert command.stdout
        assert command.stderr
        assert command.stdout.readline().startswith(b'{"specversion"')
        command.stdout.close()
        assert command.stderr.read() == b""
    assert command.returncode == 0
