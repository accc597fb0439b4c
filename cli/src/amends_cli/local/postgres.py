"""PostgreSQL 18 from its PyPI wheel, run as a child of ours on the loopback (DESIGN 7)."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from amends.clock import monotonic_s
from amends_cli.local.account import Account, this_account
from amends_cli.local.binaries import folder_for, installed_binaries
from amends_cli.local.ports import remembered_port
from amends_cli.local.process import ChildProcess, RunsAsChild, ServerFailed
from amends_cli.local.surroundings import minimal_environment, working_in

_USER = "amends"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_READY_WITHIN_S = 120.0
"""Recovery after a crash replays the log first; a demo's is read in a second."""
_STOP_WITHIN_S = 30.0
_POLL_S = 0.05


class LocalPostgres(RunsAsChild):
    """A PostgreSQL server of our own in `data_dir`: loopback only, one user, scram password, durable.

    Starting again after a stop, a crash or `kill -9` keeps the data, the password and (unless another program took it
    meanwhile) the port. With `durable=False` a crash of the *machine* may lose data; a crash of the server does not.
    """

    name = "postgres"
    _stop_within_s = _STOP_WITHIN_S

    def __init__(self, data_dir: Path, *, durable: bool = True, account: Account | None = None) -> None:
        self._dir = data_dir.resolve()
        self._durable = durable
        self._account = account or this_account()
        self._home = self._dir
        self._binaries = Path()
        self.port = 0
        self._process = ChildProcess(
            "PostgreSQL", self._dir / "postgres.log", stop_signal=signal.SIGINT, user=self._account.user
        )

    def start(self) -> None:
        """Start it (making the data folder at the first time) and return when it takes connections.

        Raises:
            ServerFailed: it ended or was not ready in time; the message holds the end of its log.
        """
        self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._home, self._binaries = folder_for(self._dir, self._account, installed_binaries())
        if not (self._data / "PG_VERSION").exists():
            self._initdb()
        self._clear_stale_pid()
        self.port = remembered_port(self._dir / "port", served=self.port)
        self._process.start(self._as_account([self._binaries / "postgres", *self._options()]), minimal_environment())
        self._wait_ready()

    def url(self, database: str) -> str:
        """Return the URL of one database, with user and password; of a server that another process started, too."""
        port = self.port or int((self._dir / "port").read_text(encoding="ascii"))
        return f"postgresql://{_USER}:{self._password}@127.0.0.1:{port}/{database}"

    @property
    def admin_url(self) -> str:
        """The URL of the database `postgres`, from which others are made and dropped."""
        return self.url("postgres")

    def create_database(self, name: str) -> None:
        """Make a database unless it exists.

        Raises:
            ValueError: not a plain lower-case name.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no database name: lower-case letters, digits and _ only")
        if self.run_sql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == "1":
            return
        try:
            self.run_sql("postgres", f'CREATE DATABASE "{name}"')
        except ServerFailed as error:
            if "already exists" not in str(error):  # another process was faster
                raise

    def drop_database(self, name: str) -> None:
        """Drop a database with its connections, if it exists."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no database name: lower-case letters, digits and _ only")
        self.run_sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def run_sql(self, database: str, sql: str) -> str:
        """Run one statement through psql and return what it prints, unaligned: for set-up and tests."""
        words: list[str | Path] = [self._binaries / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"]
        words += ["-p", str(self.port), "-U", _USER, "-d", database, "-c", sql]
        return self._run(words, {"PGPASSWORD": self._password}).strip()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    @property
    def _password(self) -> str:
        return (self._dir / "password").read_text(encoding="ascii").strip()

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "256MB",
            "max_connections": "400",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_checkpoints": "off",
            "jit": "off",
        }
        options = ["-D", str(self._data)]
        for name, value in settings.items():
            options += ["-c", f"{name}={value}"]
        return options

    def _initdb(self) -> None:
        """Make the data folder, under another name until it is whole: one that a crash left half made is begun anew."""
        half = self._home / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        password = self._dir / "password"
        if not password.exists():
            password.touch(mode=0o600)
            password.write_text(secrets.token_urlsafe(24), encoding="ascii")
        given = self._home / "initdb-password"
        _write_for(given, self._password, self._account)
        words: list[str | Path] = [self._binaries / "initdb", "-D", half, "-U", _USER, "-E", "UTF8"]
        words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        words += ["--auth=scram-sha-256", f"--pwfile={given}", "--no-instructions"]
        if not self._durable:
            words.append("--no-sync")
        try:
            self._run(self._as_account(words), {})
        finally:
            given.unlink()
        half.rename(self._data)

    def _clear_stale_pid(self) -> None:
        """Wait for what is left of a killed server, then drop a pid file whose number another program has by now."""
        pid_file = self._data / "postmaster.pid"
        limit = monotonic_s() + _STOP_WITHIN_S
        while working_in(self._data):
            if monotonic_s() > limit:
                raise ServerFailed(
                    f"PostgreSQL processes {working_in(self._data)} still work in {self._data}: another `amends up` "
                    "with this data folder? Stop it first with `amends down`."
                )
            time.sleep(_POLL_S)
        if Path("/proc/self").exists():
            pid_file.unlink(missing_ok=True)

    def _wait_ready(self) -> None:
        probe: list[str | Path] = [
            self._binaries / "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            _USER,
        ]
        limit = monotonic_s() + _READY_WITHIN_S
        while monotonic_s() < limit:
            if not self._process.alive():
                raise self._process.failure(f"ended while it started (exit code {self._process.exit_code}).")
            if subprocess.run(probe, check=False, env=minimal_environment()).returncode == 0:  # noqa: S603 - constant words
                return
            time.sleep(_POLL_S)
        self._process.kill()
        raise self._process.failure(f"was not ready within {_READY_WITHIN_S:.0f} s.")

    def _as_account(self, words: Sequence[str | Path]) -> list[str | Path]:
        return [*self._account.prefix, *words]

    def _run(self, words: Sequence[str | Path], extra: dict[str, str]) -> str:
        uid, gid = self._account.user or (None, None)
        done = subprocess.run(  # noqa: S603 - the words are ours
            list(words),
            check=False,
            capture_output=True,
            text=True,
            env={**minimal_environment(), **extra},
            cwd="/",
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )
        if done.returncode != 0:
            raise ServerFailed(f"{Path(words[len(self._account.prefix)]).name} failed: {done.stderr.strip()}")
        return done.stdout


def _write_for(file: Path, text: str, account: Account) -> None:
    file.touch(mode=0o600)
    file.write_text(text, encoding="ascii")
    if account.user is not None:
        os.chown(file, *account.user)
