"""What a supervisor looks after: servers and services alike."""

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from amends_cli.local.process import ChildProcess, RunsAsChild, ServerFailed
from amends_cli.suite.plan import ProcessPlan

_STOP_WITHIN_S = 25.0
"""A service gives itself 20 s (STOP_S_MAX)."""


class Child(Protocol):
    """Something that runs until it is stopped."""

    @property
    def name(self) -> str: ...

    @property
    def pid(self) -> int | None: ...

    def start(self) -> None:
        """Start it. Raises ServerFailed."""
        ...

    def alive(self) -> bool: ...

    def ask_to_stop(self) -> None:
        """Have it begin to stop, without waiting."""
        ...

    def stop(self) -> None:
        """Stop it and wait; one that does not stop in time is killed."""
        ...

    def kill(self) -> None: ...

    def failure(self, what: str) -> ServerFailed:
        """Return the error that tells what happened, with the end of its log."""
        ...


@dataclass
class Service(RunsAsChild):
    """One of our own processes, run from its plan."""

    _stop_within_s = _STOP_WITHIN_S
    plan: ProcessPlan
    logs: Path
    label: str = ""
    _process: ChildProcess = field(init=False)

    def __post_init__(self) -> None:
        self._process = ChildProcess(self.name, self.logs / f"{self.name}.log", stop_signal=signal.SIGTERM)

    @property
    def name(self) -> str:
        """Its short name, or the label that tells it from its sibling."""
        return self.label or self.plan.name

    def start(self) -> None:
        self._process.start([sys.executable, "-m", self.plan.module], {**inherited(), **self.plan.environment})


def inherited() -> dict[str, str]:
    """Return our environment for a child, with the loopback kept away from any proxy."""
    environment = dict(os.environ)
    for name in ("NO_PROXY", "no_proxy"):
        environment[name] = ",".join(filter(None, [environment.get(name), "127.0.0.1,localhost"]))
    return environment
