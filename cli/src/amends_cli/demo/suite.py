"""The suite under the demo: a fresh one, as a child process that ends when we do."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from amends.clock import TimeAnchor
from amends_cli.errors import CommandFailed, WrongUse
from amends_cli.local.process import ChildProcess
from amends_cli.suite.folder import ADMIN_CLIENT, DataFolder
from amends_cli.suite.leases import holder

TIME_SCALE = 4320
"""12 h in 10 s: a department's window is long enough for a killed service to come back in it."""
_STOP_WITHIN_S = 90.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class RunningSuite:
    """What a scenario needs of a suite."""

    endpoints: dict[str, str]
    secret: str
    anchor: TimeAnchor

    @classmethod
    def of(cls, folder: DataFolder) -> "RunningSuite":
        """Return the suite that runs from a folder.

        Raises:
            WrongUse: none is ready there, or its time is not scaled.
        """
        endpoints, anchor = folder.endpoints(), folder.remembered().anchor
        if endpoints is None or anchor is None:
            raise WrongUse(f"no suite with scaled time is ready in {folder.path}")
        return cls(endpoints, folder.client_secrets()[ADMIN_CLIENT], TimeAnchor.from_json(anchor))


def fresh_folder(data: Path | None) -> DataFolder:
    """Return an empty data folder: the demo's own, wiped, or the one that was named, which must hold nothing yet.

    Raises:
        CommandFailed: a demo runs from it already.
        WrongUse: the named folder holds something.
    """
    folder = DataFolder(data or Path(".amends/demo"))
    pid = holder(folder.lease)
    if pid is not None:
        raise CommandFailed(
            f"a suite runs from {folder.path} (process {pid}): stop it, or name another folder (--data)"
        )
    if data is None:
        _wipe(folder)
    elif data.exists() and any(data.iterdir()):
        raise WrongUse(f"{data} is not empty: the demo keeps its data in a new folder")
    folder.make()
    return folder


def _wipe(folder: DataFolder) -> None:
    """Remove what an earlier demo left, also where PostgreSQL had to keep its files elsewhere (DESIGN 7)."""
    pointer = folder.postgres / "elsewhere"
    if pointer.exists():
        shutil.rmtree(pointer.read_text(encoding="utf-8").strip(), ignore_errors=True)
    if folder.path.exists():
        shutil.rmtree(folder.path)


@contextmanager
def running(folder: DataFolder, bus: str, say: Callable[[str], None]) -> Iterator[RunningSuite]:
    """Run `amends up` from a folder until the block ends, however it ends. `say` passes on what it says on its way up.

    Raises:
        CommandFailed: it ended before all was ready.
    """
    log_file = folder.logs / "up.log"
    words = [sys.executable, "-m", "amends_cli", "up", "--data", str(folder.path), "--bus", bus]
    suite = ChildProcess("the suite", log_file)
    try:
        suite.start([*words, "--time-scale", str(TIME_SCALE)], dict(os.environ))
        _wait_ready(suite, folder, say)
        yield RunningSuite.of(folder)
    finally:
        say("stopping")
        suite.stop(_STOP_WITHIN_S)


def _wait_ready(suite: ChildProcess, folder: DataFolder, say: Callable[[str], None]) -> None:
    shown = 0
    while folder.endpoints() is None:
        shown = _pass_on(suite.log_file, shown, say)
        if not suite.alive():
            raise CommandFailed(f"the suite ended before it was ready; what it said is in {suite.log_file}")
        time.sleep(_POLL_S)
    _pass_on(suite.log_file, shown, say)


def _pass_on(log_file: Path, shown: int, say: Callable[[str], None]) -> int:
    """Pass on the whole lines that are new. The table of addresses at the end is for who runs it by hand."""
    text = log_file.read_bytes() if log_file.exists() else b""
    whole = text.rfind(b"\n") + 1
    for line in text[shown:whole].decode(errors="replace").splitlines():
        if line.strip():
            say(line.rstrip())
    return max(shown, whole)
