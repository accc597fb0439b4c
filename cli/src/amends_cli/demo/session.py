"""A scenario against a running suite: begin, watch, and check when all is there or time is over."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from amends.clock import TimeAnchor, monotonic_s
from amends.ids import new_id
from amends.policy.load import default_policy
from amends.policy.model import Policy
from amends_cli.demo.calls import Calls
from amends_cli.demo.checks import Books, Played, check_books, check_case, check_final
from amends_cli.demo.model import Case
from amends_cli.demo.play import Player
from amends_cli.demo.scenario import SCENARIO, longest_first
from amends_cli.demo.watch import Watch

LIMIT_S = 85.0
"""Real seconds from the first ticket on. The longest case takes 74 h, which are 62 s at the demo's scale."""
_LOOK_EVERY_S = 0.5
_TURNS = 4
"""How many cases may do at once what is to be done at once."""
_SETTLE_S = 1.5
"""How long nothing more may happen once all is as promised: a second remedy would come within it."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case at the end, and a sentence for everything that differs from the rulebook."""

    played: Played
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """A scenario's end. `books`: what differs between the ledgers. `seconds`: how long it took, real."""

    cases: tuple[CaseResult, ...]
    books: tuple[str, ...]
    seconds: float

    @property
    def differences(self) -> tuple[str, ...]:
        """Return everything that differs, with the case's key before it; nothing: every outcome is as promised."""
        of_cases = (f"{one.played.case.key}: {said}" for one in self.cases for said in one.differences)
        return (*of_cases, *self.books)


@dataclass(frozen=True, slots=True)
class Progress:
    """How things stand while a scenario plays: every case with what is still missing, and the real seconds so far."""

    cases: tuple[CaseResult, ...]
    seconds: float
    anchor: TimeAnchor


async def run_scenario(
    endpoints: Mapping[str, str],
    secret: str,
    anchor: TimeAnchor,
    *,
    cases: Sequence[Case] = SCENARIO,
    limit_s: float = LIMIT_S,
    policy: Policy | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Result:
    """Play the cases against a suite that runs, whatever its bus, and return every difference from the rulebook.

    `endpoints` is what `endpoints.json` holds, `secret` that of the client `amends-cli`, `anchor` the suite's time. May be
    called again on the same suite: every run has orders and customers of its own. Services may be killed meanwhile.

    Raises:
        NoAnswer, Refused: a service did not answer at the end, when the books are compared.
    """
    async with Calls(endpoints, secret) as calls:
        watch = Watch(calls)
        run = str(new_id())[-8:]
        players = [Player(case, run, calls, watch, anchor) for case in cases]
        stage = _Stage(players, watch, anchor, policy or default_policy(), on_progress)
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await stage.perform()
        return await stage.reckon(calls)


class _Stage:
    def __init__(
        self,
        players: Sequence[Player],
        watch: Watch,
        anchor: TimeAnchor,
        policy: Policy,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._players = players
        self._watch = watch
        self._anchor = anchor
        self._policy = policy
        self._on_progress = on_progress
        self._started_s = monotonic_s()

    async def perform(self) -> None:
        """Open the longest first, then play all together; return when every outcome is there and stays alone."""
        by_key = {player.case.key: player for player in self._players}
        ordered = [by_key[case.key] for case in longest_first(tuple(player.case for player in self._players))]
        async with asyncio.TaskGroup() as group:
            turn = asyncio.Semaphore(_TURNS)
            tasks = [group.create_task(player.play(turn)) for player in ordered]
            try:
                await self._follow()
            finally:
                for task in tasks:
                    task.cancel()

    async def reckon(self, calls: Calls) -> Result:
        """Compare everything once more with what the services and the storefront answer."""
        await self._watch.look()
        played = [player.played() for player in self._players]
        books = await _books(calls, played)
        cases = tuple(CaseResult(one, check_case(one, self._policy) + check_final(one, books)) for one in played)
        return Result(cases, check_books(played, books), monotonic_s() - self._started_s)

    async def _follow(self) -> None:
        settled_s: float | None = None
        while settled_s is None or monotonic_s() - settled_s < _SETTLE_S:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self._watch.look()
            cases = tuple(CaseResult(one, check_case(one, self._policy)) for one in (p.played() for p in self._players))
            self._on_progress(Progress(cases, monotonic_s() - self._started_s, self._anchor))
            is_there = all(player.done for player in self._players) and not any(one.differences for one in cases)
            settled_s = (settled_s or monotonic_s()) if is_there else None


async def _books(calls: Calls, played: Sequence[Played]) -> Books:
    ledger = await calls.items("compensation", "/v1/ledger", limit=1000)
    storefront = (await calls.get("sandbox", "/ledger")).json()["items"]
    inbox = (await calls.get("sandbox", "/inbox")).json()["items"]
    remedies = {
        one.ticket_id: await calls.items("compensation", "/v1/remedies", ticket=one.ticket_id)
        for one in played
        if one.ticket_id is not None
    }
    return Books(ledger, storefront, inbox, remedies)
