"""A suite for the tests of `amends up` and `amends down`: real servers and sandbox, stand-ins for the four services."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from amends.clock import monotonic_s
from amends_cli.suite.folder import SERVICES

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
        return httpx.get(f"{url}/readyz", trust_env=False, verify=False).is_success
    except httpx.HTTPError:
        return False


def runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
