"""Looks after children: starts again what ended, stops all in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from amends.clock import monotonic_s
from amends_cli.local.process import ServerFailed
from amends_cli.suite.backoff import Ends, after_end
from amends_cli.suite.children import Child

GIVE_UP_AFTER = 5
"""Ends in a row after which a child that was never ready is taken to be broken, not unlucky."""


@dataclass
class _Kept:
    child: Child
    started_s: float
    ends: Ends = field(default_factory=Ends)
    down: bool = False


class Supervisor:
    """Keeps its children running. `say` tells a person what it did."""

    def __init__(self, say: Callable[[str], None], now_s: Callable[[], float] = monotonic_s) -> None:
        self._say = say
        self._now_s = now_s
        self._kept: list[_Kept] = []

    def keep(self, child: Child) -> None:
        """Look after a child from now on. Called before the child starts, so that an interruption stops it too."""
        self._kept.append(_Kept(child, self._now_s()))

    def check(self, *, patient: bool = True) -> None:
        """Start again every child that ended and whose pause is over.

        Raises:
            ServerFailed: not `patient` (while the suite starts), and a child ended too often in a row.
        """
        for kept in self._kept:
            if not kept.down and not kept.child.alive():
                kept.down = True
                kept.ends = after_end(kept.ends, started_s=kept.started_s, ended_s=self._now_s())
                self._say(f"{kept.child.name} ended; starting it again")
                if not patient and kept.ends.in_a_row >= GIVE_UP_AFTER:
                    raise kept.child.failure(f"ended {kept.ends.in_a_row} times in a row while the suite started.")
            if kept.down and self._now_s() >= kept.ends.start_again_at_s:
                self._start_again(kept)

    def pids(self) -> dict[str, int]:
        """Return name → process id of the children that run."""
        return {kept.child.name: kept.child.pid for kept in self._kept if kept.child.alive() and kept.child.pid}

    def stop(self, order: Sequence[Sequence[str]] = ()) -> None:
        """Stop all: the named groups one after the other (within a group together), then the rest, last started first."""
        named = [[kept for kept in self._kept if kept.child.name in group] for group in order]
        rest = [kept for kept in reversed(self._kept) if not any(kept in group for group in named)]
        for group in [*named, *([kept] for kept in rest)]:
            for kept in group:
                kept.child.ask_to_stop()
            for kept in group:
                kept.child.stop()
        self._kept.clear()

    def kill(self) -> None:
        """End all at once, without asking."""
        for kept in reversed(self._kept):
            kept.child.kill()
        self._kept.clear()

    def _start_again(self, kept: _Kept) -> None:
        kept.started_s = self._now_s()
        try:
            kept.child.start()
            kept.down = False
        except ServerFailed as error:
            kept.ends = after_end(kept.ends, started_s=kept.started_s, ended_s=self._now_s())
            self._say(f"{kept.child.name} does not start: {error}")
