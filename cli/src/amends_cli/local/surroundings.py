"""What a server gets of our environment, and what a killed one left behind."""

import contextlib
import os
from pathlib import Path


def minimal_environment() -> dict[str, str]:
    """Return what a server's programs need of our environment.

    Not all of it: the user's PG* variables and Java options are meant for other programs and would lead these astray.
    """
    return {name: value for name in ("PATH", "HOME", "LANG", "TMPDIR") if (value := os.environ.get(name))}


def working_in(folder: Path) -> list[int]:
    """Return the processes whose working directory is this data folder: a server and its backends, even orphaned ones.

    More certain than the number in the pid file, which another program may have by now (as after a machine's restart).
    """
    found = []
    for entry in Path("/proc").glob("[0-9]*") if Path("/proc/self").exists() else ():
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
    return found
