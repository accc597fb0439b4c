"""One child process: started, asked to stop, killed, and never left behind."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

_TETHER = Path(__file__).with_name("tether.py")
_TAIL_BYTES = 4_000


class ServerFailed(RuntimeError):  # noqa: N818 - named after what happened
    """A local server did not start, or ended by itself. The message holds the end of its log and where the rest is."""


@dataclass
class ChildProcess:
    """A process in a session of its own (Ctrl-C in the terminal reaches only us), ended by the kernel when we die.

    The kernel watches the *thread* that started it: start children from a thread that lives as long as they should.
    `stop_signal` asks it to stop; `user` is (uid, gid) to run as, None for our own.
    """

    name: str
    log_file: Path
    stop_signal: signal.Signals = signal.SIGTERM
    user: tuple[int, int] | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None) -> None:
        """Start it, its output appended to the log file.

        Raises:
            ServerFailed: it runs already.
        """
        if self.alive():
            raise ServerFailed(f"{self.name} runs already, as process {self.pid}")
        uid, gid = self.user or (-1, -1)
        words = [sys.executable, "-I", "-S", str(_TETHER), str(int(self.stop_signal)), str(os.getpid())]
        words += [str(uid), str(gid), *(str(word) for word in command)]
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                words,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return None if self._process is None else self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal), None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    def alive(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the stop signal and return at once."""
        self._send(self.stop_signal)

    def wait(self, timeout_s: float) -> bool:
        """Wait for its end; say whether it came in time."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, timeout_s: float) -> None:
        """Ask it to stop, wait, and kill it when it does not within the limit."""
        self.ask_to_stop()
        if not self.wait(timeout_s):
            self.kill()

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._send(signal.SIGKILL)
        self.wait(timeout_s=10)

    def log_tail(self) -> str:
        """Return the end of its log, for error messages."""
        if not self.log_file.exists():
            return "(no log was written)"
        with self.log_file.open("rb") as log:
            log.seek(max(0, self.log_file.stat().st_size - _TAIL_BYTES))
            return log.read().decode(errors="replace")

    def failure(self, what: str) -> ServerFailed:
        """Return the error to raise: what happened, the end of the log, and where the rest is."""
        return ServerFailed(f"{self.name} {what}\n{self.log_tail().strip()}\nThe whole log: {self.log_file}")

    def _send(self, what: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(what)


class RunsAsChild:
    """What runs as a child process of ours. How it is started is its own; all else is the process's."""

    _process: ChildProcess
    _stop_within_s: ClassVar[float]

    @property
    def pid(self) -> int | None:
        """The process id, or None when it was never started."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.alive()

    def ask_to_stop(self) -> None:
        """Begin to stop, without waiting."""
        self._process.ask_to_stop()

    def stop(self) -> None:
        """Stop it cleanly and wait; one that does not stop in time is killed."""
        self._process.stop(self._stop_within_s)

    def kill(self) -> None:
        """Kill it as a crash would."""
        self._process.kill()

    def failure(self, what: str) -> ServerFailed:
        """Return the error that tells what happened to it, with the end of its log."""
        return self._process.failure(what)
