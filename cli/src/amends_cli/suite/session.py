"""The supervising process: from the first signal handler to the last child's end."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from amends_cli.suite.supervisor import Supervisor

_ROUND_S = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Ctrl-C, or SIGTERM from `amends down`. Not an Exception: nothing on its way may take it for a failure."""


class Run(Protocol):
    """What a session runs."""

    supervisor: Supervisor

    def start(self) -> dict[str, str]: ...
    def note_processes(self) -> None: ...
    def stop(self) -> None: ...


def supervise(run: Run, ready: Callable[[dict[str, str]], None], say: Callable[[str], None]) -> None:
    """Start, tell when ready, heal until a signal comes, stop. A second signal while stopping ends all at once.

    Whatever start raises comes out after everything has been stopped.
    """
    with _signals_raise():
        try:
            ready(run.start())
            while True:
                run.supervisor.check()
                run.note_processes()
                time.sleep(_ROUND_S)
        except StopRequested:
            say("stopping")
        finally:
            try:
                run.stop()
            except StopRequested:
                say("stopping at once")
                run.supervisor.kill()


@contextmanager
def _signals_raise() -> Iterator[None]:
    before = {number: signal.signal(number, _raise) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested
