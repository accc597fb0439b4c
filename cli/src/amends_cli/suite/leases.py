"""Who runs from a data folder now: a locked file that holds the process id, and is free again when that process ends."""

import fcntl
import os
from io import TextIOWrapper
from pathlib import Path


class AlreadyHeld(Exception):  # noqa: N818 - named after what happened
    """Another process holds it. `pid` is that process."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"held by process {pid}")
        self.pid = pid


class Lease:
    """The right to a file's name, until `release` or the end of this process, however it ends."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open: TextIOWrapper | None = None

    def take(self) -> None:
        """Take it for this process.

        Raises:
            AlreadyHeld: another process has it.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle = self._file.open("a+", encoding="ascii")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            raise AlreadyHeld(_pid_in(self._file)) from None
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        self._open = handle

    def release(self) -> None:
        """Give it back."""
        if self._open is not None:
            self._open.close()
            self._open = None


def holder(file: Path) -> int | None:
    """Return the process that holds a lease, None when nobody does."""
    if not file.exists():
        return None
    with file.open("r", encoding="ascii") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return _pid_in(file)
    return None


def _pid_in(file: Path) -> int:
    text = file.read_text(encoding="ascii").strip()
    return int(text) if text.isdigit() else 0
