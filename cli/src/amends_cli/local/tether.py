"""Run a command that the kernel ends when its parent dies: `tether.py SIGNAL PARENT UID GID COMMAND…`.

A file of its own, started with `python -I -S`, because what has to happen between fork and exec must not run in a
parent that has threads. UID -1 keeps the user. It imports nothing of ours, so it starts in milliseconds.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def _main(arguments: list[str]) -> None:
    """Drop to the user, ask the kernel for the signal at the parent's death, become the command."""
    death_signal, parent, uid, gid = (int(word) for word in arguments[:4])
    command = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After setuid, which clears it; `unshare` and postgres keep it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        sys.exit(0)  # the parent died before the kernel was asked
    os.execvp(command[0], command)  # noqa: S606 - there is no shell to want


if __name__ == "__main__":
    _main(sys.argv[1:])
