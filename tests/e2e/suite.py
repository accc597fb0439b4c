"""A whole suite of real processes for tests: the supervisor of `amends up`, run in a thread, with children on request.

What `amends up` does is done here by the same code; beside it a test may kill a child (the supervisor starts it again),
hold one back (it is stopped and stays away until it is released), and take a database or the bus away.
"""

import json
import os
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
import httpx
from tests.e2e.waiting import eventually

from amends.clock import TimeAnchor, monotonic_s
from amends_cli.local.postgres import LocalPostgres
from amends_cli.local.process import ServerFailed
from amends_cli.suite.children import Child
from amends_cli.suite.folder import SERVICES, DataFolder
from amends_cli.suite.leases import Lease
from amends_cli.suite.running import SuiteRun
from amends_cli.suite.settle import Asked
from amends_cli.suite.supervisor import Supervisor

START_WITHIN_S = 240.0
_ROUND_S = 0.1


@dataclass
class Holdable:
    """A child that can be held back: while it is, the supervisor takes it to be alive and leaves it alone."""

    child: Child
    held: bool = False

    @property
    def name(self) -> str:
        return self.child.name

    @property
    def pid(self) -> int | None:
        return None if self.held else self.child.pid

    def start(self) -> None:
        self.child.start()

    def alive(self) -> bool:
        return self.held or self.child.alive()

    def ask_to_stop(self) -> None:
        self.child.ask_to_stop()

    def stop(self) -> None:
        self.child.stop()

    def kill(self) -> None:
        self.child.kill()

    def failure(self, what: str) -> ServerFailed:
        return self.child.failure(what)


class HoldingSupervisor(Supervisor):
    """The suite's supervisor, with children that can be held back."""

    def __init__(self, say: "Notes") -> None:
        super().__init__(say)
        self.children: dict[str, Holdable] = {}

    def keep(self, child: Child) -> None:
        self.children[child.name] = Holdable(child)
        super().keep(self.children[child.name])


@dataclass
class Notes:
    """What the supervisor says, kept."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.lines.append(line)


class Suite:
    """One running suite. Its thread starts the children, so that they end with it, whatever happens to the test."""

    def __init__(self, data: Path, bus: str, time_scale: float) -> None:
        self.bus = bus
        self.folder = DataFolder(data)
        self.folder.make()
        self.notes = Notes()
        self.endpoints: dict[str, str] = {}
        self._run = SuiteRun(self.folder, Asked(bus=bus, time_scale=time_scale), self.notes)
        self._supervisor = HoldingSupervisor(self.notes)
        self._run.supervisor = self._supervisor
        self._ready = threading.Event()
        self._over = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._look_after, name=f"suite {data}", daemon=True)

    def start(self) -> None:
        """Return when everything is ready. Raises what the start raised."""
        self._thread.start()
        assert self._ready.wait(START_WITHIN_S), f"the suite was not ready in time: {self.notes.lines}"
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Stop everything in order."""
        self._over.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "the suite did not stop within two minutes"

    def anchor(self) -> TimeAnchor:
        """How the suite's domain time runs."""
        kept = self.folder.remembered().anchor
        return TimeAnchor.from_json(kept) if kept else TimeAnchor.identity()

    def pid(self, name: str) -> int | None:
        """The process id of a child that runs."""
        return self._supervisor.children[name].pid if self._supervisor.children[name].alive() else None

    def kill(self, name: str) -> None:
        """Kill a child as a crash would; the supervisor starts it again."""
        pid = self.pid(name)
        assert pid is not None, f"{name} does not run"
        os.kill(pid, signal.SIGKILL)

    def hold(self, name: str) -> None:
        """Stop a child and keep it away."""
        child = self._supervisor.children[name]
        child.held = True
        child.stop()

    def release(self, name: str) -> None:
        """Let a child that was held back start again."""
        self._supervisor.children[name].held = False

    async def unready_reason(self, name: str) -> str | None:
        """Return what `/readyz` of a service misses, None when it is ready."""
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
                answer = await http.get(f"{self.endpoints[name]}/readyz")
        except httpx.HTTPError as error:
            return f"no answer ({type(error).__name__})"
        return None if answer.is_success else answer.text

    async def until_ready(self, *names: str, within_s: float = 60.0) -> None:
        """Wait until these services (default: all four) say that they are ready."""
        for name in names or SERVICES:
            await eventually(partial(self._is_ready, name), within_s, f"{name} is ready again")

    async def take_bus_away(self) -> None:
        """Stop the broker; or, on the embedded bus, close the bus's database and cut who is connected."""
        if self.bus == "kafka":
            self.hold("kafka")
        else:
            await self.take_database_away("bus")

    async def bring_bus_back(self) -> None:
        """Undo `take_bus_away`."""
        if self.bus == "kafka":
            self.release("kafka")
        else:
            await self.bring_database_back("bus")

    async def take_database_away(self, name: str) -> None:
        """Close one database of the suite and cut who is connected to it."""
        await self._sql(
            f'ALTER DATABASE "amends_{name}" ALLOW_CONNECTIONS false',
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'amends_{name}'",
        )

    async def bring_database_back(self, name: str) -> None:
        """Undo `take_database_away`."""
        await self._sql(f'ALTER DATABASE "amends_{name}" ALLOW_CONNECTIONS true')

    def troubles(self) -> str:
        """Return what every process logged as errors, each kind once with its count, and what the supervisor said."""
        parts = [f"supervisor: {line}" for line in self.notes.lines if "ended" in line or "not" in line]
        for log in sorted(self.folder.logs.glob("*.log")):
            found = Counter(filter(None, map(_trouble, log.read_text(errors="replace").splitlines())))
            parts += [f"{log.stem}: {count} x {line}" for line, count in found.items()]
        return "\n".join(parts)

    async def _is_ready(self, name: str) -> bool:
        return await self.unready_reason(name) is None

    async def _sql(self, *statements: str) -> None:
        connection = await asyncpg.connect(LocalPostgres(self.folder.postgres).admin_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    def _look_after(self) -> None:
        lease = Lease(self.folder.lease)
        lease.take()
        try:
            self.endpoints = self._run.start()
            self._ready.set()
            while not self._over.wait(_ROUND_S):
                self._supervisor.check()
                self._run.note_processes()
        except BaseException as error:
            self._failure = error
            self._ready.set()
        finally:
            self._run.stop()
            lease.release()


def _trouble(line: str) -> str | None:
    """Return what an error line of a log says, without what differs between two of a kind; None for other lines."""
    try:
        entry = json.loads(line)
    except json.JSONDecodeError:
        return line if re.search(r"^\w+(\.\w+)*(Error|Exception)\b", line) else None
    if not isinstance(entry, dict) or entry.get("level") not in {"error", "critical"}:
        return None
    cause = str(entry.get("exception") or entry.get("error") or "").strip().splitlines()
    return f"{entry.get('event')} ({entry.get('task', entry.get('logger'))}): {cause[-1] if cause else ''}"[:600]


@contextmanager
def running_suite(data: Path, *, bus: str, time_scale: float) -> Iterator[Suite]:
    """Run a suite in a new folder while the block runs."""
    suite = Suite(data, bus, time_scale)
    started_s = monotonic_s()
    try:
        suite.start()
        print(f"\nsuite on {bus} ready after {monotonic_s() - started_s:.1f} s")  # noqa: T201 - progress
        yield suite
    finally:
        suite.stop()
