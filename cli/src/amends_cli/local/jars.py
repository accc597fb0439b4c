"""Apache Kafka's jars: every one with its version and sha-256 from our lock, fetched by jgo once per user.

No dependency is resolved here: the lock lists all of them, as Maven resolves them, each marked `!` (taken as it
stands). What arrives is moved into place only when its hash is the lock's.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from amends_cli.local.process import ServerFailed

KAFKA_VERSION = "4.3.1"
_DOWNLOADS_AT_ONCE = 4
_TIMEOUT_S = 30
_TRIES = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One line of the lock: sha-256, size in bytes, Maven coordinate ending in `!`."""

    sha256: str
    size_bytes: int
    coordinate: str

    @property
    def file_name(self) -> str:
        """The jar's name in the cache, unique within the lock."""
        _, artifact, version = self.coordinate.rstrip("!").split(":")
        return f"{artifact}-{version}.jar"


def locked_jars() -> list[LockedJar]:
    """Read the lock that comes with this package."""
    text = files("amends_cli.local").joinpath(f"kafka-{KAFKA_VERSION}.lock").read_text(encoding="utf-8")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return [LockedJar(sha256, int(size), coordinate) for sha256, size, coordinate in lines]


def cache_folder() -> Path:
    """Return where a user's downloads are kept: `$XDG_CACHE_HOME/amends`, usually `~/.cache/amends`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "amends"


def class_path(jars: Iterable[LockedJar] | None = None, folder: Path | None = None) -> list[Path]:
    """Return the jars, every hash checked, those that are missing or damaged fetched first (progress on stderr).

    Raises:
        ServerFailed: one cannot be fetched, or is not what the lock says. What was fetched stays for the next try.
    """
    wanted = locked_jars() if jars is None else list(jars)
    home = folder or cache_folder() / f"kafka-{KAFKA_VERSION}"
    missing = [jar for jar in wanted if not _is_whole(home / jar.file_name, jar)]
    if missing:
        _fetch_all(missing, home)
    return [home / jar.file_name for jar in wanted]


def _is_whole(file: Path, jar: LockedJar) -> bool:
    if not file.exists() or file.stat().st_size != jar.size_bytes:
        return False
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest() == jar.sha256


def _fetch_all(missing: list[LockedJar], home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    total_mb = sum(jar.size_bytes for jar in missing) / 1e6
    console.print(f"Fetching Apache Kafka {KAFKA_VERSION}, {len(missing)} jars, {total_mb:.0f} MB, into {home}")
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        task = progress.add_task("jars", total=sum(jar.size_bytes for jar in missing))
        for done in [pool.submit(_fetch, jar, home, lambda size: progress.advance(task, size)) for jar in missing]:
            done.result()


def _fetch(jar: LockedJar, home: Path, arrived: Callable[[int], None]) -> None:
    """Fetch one jar into a folder of its own, check it, and move it into place."""

    @contextmanager
    def report(_name: str, _size: int) -> Iterator[Callable[[int], None]]:
        yield arrived

    with tempfile.TemporaryDirectory(dir=home, prefix="fetching-") as half:
        path = _download(jar, Path(half), report)
        if not _is_whole(path, jar):
            raise ServerFailed(
                f"{jar.coordinate.rstrip('!')} as downloaded is not the file of our lock (its sha-256 differs). "
                "A proxy that rewrites downloads? Nothing was kept of it; try again from another network."
            )
        path.replace(home / jar.file_name)


_Report = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


def _download(jar: LockedJar, folder: Path, report: _Report) -> Path:
    from jgo.config import GlobalSettings  # noqa: PLC0415 - slow to import, and needed once per user
    from jgo.maven import MavenContext, PythonResolver  # noqa: PLC0415 - as above
    from jgo.parse import Coordinate  # noqa: PLC0415 - as above

    for attempt in range(_TRIES):
        context = MavenContext(
            resolver=PythonResolver(progress_callback=report), repo_cache=folder / str(attempt), timeout=_TIMEOUT_S
        )
        # A mirror that the user named in jgo's settings is asked first.
        context.remote_repos = {**GlobalSettings.load().repositories, **context.remote_repos}
        dependency = context.create_dependency(Coordinate.parse(jar.coordinate))
        try:
            return Path(dependency.artifact.resolve())
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
            _log.debug("fetching %s failed: %s", jar.coordinate, error)
            last = error
    raise ServerFailed(
        f"{jar.coordinate.rstrip('!')} cannot be fetched: {last}. Check the network (or name a mirror in jgo's settings "
        "file) and run the command again: what was fetched stays."
    )
