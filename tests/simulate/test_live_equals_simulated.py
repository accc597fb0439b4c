"""Live equals simulated (CONTRACT §4): what a running suite published, and what a simulation says of the same steps."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.e2e.api import Api
from tests.e2e.suite import Suite, running_suite
from tests.e2e.waiting import eventually
from tests.simulate.live_tickets import Lives
from tests.simulate.recording import SOURCES, Json, differences, simulated, told

from amends.instants import parse_instant
from amends_cli.demo.session import Result, run_scenario
from amends_cli.suite.folder import ADMIN_CLIENT, SERVICES

pytestmark = pytest.mark.e2e

TIME_SCALE = 4320
"""12 h are 10 s."""
TICKETS = 500
SEED = 20_260_513
SETTLED_WITHIN_S = 120.0
LAG = timedelta(hours=3)
"""Domain time; what is due in the last moments of a recording may not have been said yet."""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with running_suite(tmp_path_factory.mktemp("live"), bus="embedded", time_scale=TIME_SCALE) as running:
        yield running


@pytest.fixture
async def api(suite: Suite) -> AsyncIterator[Api]:
    async with Api.of(suite) as opened:
        yield opened


async def test_the_demos_recorded_stream_is_decided_alike_when_it_is_simulated(suite: Suite, api: Api) -> None:
    secret = suite.folder.client_secrets()[ADMIN_CLIENT]
    played: Result = await run_scenario(suite.endpoints, secret, suite.anchor())
    tickets = {one.played.ticket_id for one in played.cases}
    alike = partial(_alike, api, api.now() - LAG, tickets.__contains__)
    await eventually(alike, SETTLED_WITHIN_S, "live equals simulated")


async def test_five_hundred_random_tickets_are_decided_alike_live_and_simulated(api: Api, tmp_path: Path) -> None:
    before = {event["subject"] for event in await _recorded(api)}
    lives = Lives(api, SEED, TICKETS, opening=timedelta(hours=24), span=timedelta(hours=60))
    await lives.live()
    check = partial(_alike, api, api.now(), lambda ticket: ticket not in before, money_takes_time=True)
    try:
        alike = await eventually(check, SETTLED_WITHIN_S, "live equals simulated")
    finally:
        _keep(await _recorded(api), tmp_path / "recording.jsonl")
    print(f"\n{TICKETS} tickets, {lives.taken} steps taken, {lives.refused} refused; {alike}")  # noqa: T201 - progress
    assert lives.taken > 3 * TICKETS


class Unlike(list[str]):
    """What differs: false, so that whoever waits asks again, and readable when time is over."""

    def __bool__(self) -> bool:
        return False


async def _alike(
    api: Api, complete_until: datetime, about: Callable[[str], bool], *, money_takes_time: bool = False
) -> str | Unlike:
    events = [event for event in await _recorded(api) if about(event["subject"])]
    again = simulated(events, max(parse_instant(event["time"]) for event in events))
    found = differences(events, again, complete_until=complete_until, money_takes_time=money_takes_time)
    if found:
        return Unlike(found[:20])
    counts = {source: sum(len(it.facts) for key, it in told(events).items() if key[1] == source) for source in SOURCES}
    return ", ".join(f"{count} events of {source.rpartition('/')[2]}" for source, count in counts.items())


async def _recorded(api: Api) -> list[Json]:
    return [event for service in SERVICES for event in await api.events(service) if "sequence" in event]


def _keep(events: list[Json], file: Path) -> None:
    """Leave the recording beside the test's result, to be looked into."""
    file.write_text("".join(f"{json.dumps(event, ensure_ascii=False)}\n" for event in events), encoding="utf-8")
