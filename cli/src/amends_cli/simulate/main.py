"""`amends simulate` from its options to its output."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, cast

from amends.instants import parse_instant
from amends.policy.load import PolicyError, default_policy, load
from amends.policy.model import Policy
from amends_cli.errors import WrongUse
from amends_cli.simulate.output import target
from amends_cli.simulate.reading import BadLine
from amends_cli.simulate.running import reopenings_in, simulate
from amends_cli.simulate.simulation import Simulation
from amends_cli.simulate.table import write_table
from amends_cli.simulate.telling import Said, line_of

STDIN = "-"
_FORMATS = ("jsonl", "table")
_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, as it stands on the command line."""

    file: str
    policy: Path | None = None
    until: str | None = None
    form: str = "jsonl"
    output: Path | None = None
    sort: bool = False


def run(asked: Asked) -> None:
    """Simulate and write.

    Raises:
        WrongUse: an option or a file that cannot be used, or a line of the input that cannot be read.
    """
    form, until, policy = _form(asked.form), _until(asked.until), _policy(asked.policy)
    if asked.output is not None and asked.file != STDIN and _same(asked.output, Path(asked.file)):
        raise WrongUse(f"{asked.output} is the input; write to another file")
    try:
        with _without_garbage(), _input(asked.file) as stream, target(asked.output) as out:
            simulation = Simulation(policy, reopened_by_input=_look_ahead(stream))
            said = simulate(stream, simulation, until=until, sort=asked.sort)
            if form == "jsonl":
                _write_lines(said, out)
            else:
                write_table(said, out, policy.timezone)
    except BadLine as error:
        raise WrongUse(f"{_name(asked.file)}, {error}") from error
    except BrokenPipeError:
        _stop_writing()


def _stop_writing() -> None:
    """Whoever read our output has seen enough (`| head`): that is no failure, and nothing more is written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _without_garbage() -> Iterator[None]:
    """Do not look for reference cycles: a simulation makes none, and looking would take a quarter of its time."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


def _write_lines(said: Iterable[list[Said]], out: BinaryIO) -> None:
    for events in said:
        if events:
            out.write("".join(map(line_of, events)).encode())


def _form(word: str) -> Literal["jsonl", "table"]:
    if word == "jsonl":
        return "jsonl"
    if word == "table":
        return "table"
    raise WrongUse(f"--format {word}: it is one of {', '.join(_FORMATS)}")


def _until(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise WrongUse(f"--until {text}: {error}") from error


def _policy(file: Path | None) -> Policy:
    if file is None:
        return default_policy()
    try:
        return load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file} cannot be read: {error}") from error
    except PolicyError as error:
        raise WrongUse(f"{file} is refused:\n{error}") from error


@contextmanager
def _input(name: str) -> Iterator[BinaryIO]:
    """Open the input so that it can be read twice: what comes through a pipe goes to a temporary file first.

    Raises:
        WrongUse: it cannot be read.
    """
    try:
        stream = _spooled(sys.stdin.buffer) if name == STDIN else Path(name).open("rb")  # noqa: SIM115 - closed below
        if not stream.seekable():
            with stream:
                stream = _spooled(stream)
    except OSError as error:
        raise WrongUse(f"{_name(name)} cannot be read: {error}") from error
    with stream:
        yield stream


def _spooled(source: BinaryIO) -> BinaryIO:
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever asked for it
    _copy(source, copy)
    return cast("BinaryIO", copy)


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    while piece := source.read(_COPY_BYTES):
        target.write(piece)
    target.seek(0)


def _look_ahead(stream: BinaryIO) -> frozenset[str]:
    found = reopenings_in(stream)
    stream.seek(0)
    return found


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _name(file: str) -> str:
    return "stdin" if file == STDIN else file
