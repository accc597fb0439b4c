"""Live equals simulated (CONTRACT §4): what a running suite published, and what a simulation says of the same steps.

The demo's recorded stream is held to the same where the demo runs: tests/e2e/test_kills.py.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.e2e.api import Api
from tests.e2e.suite import Suite, running_suite
from tests.e2e.waiting import eventually
from tests.simulate.alike import SETTLED_WITHIN_S, alike, recorded
from tests.simulate.live_tickets import Lives

pytestmark = pytest.mark.e2e

TIME_SCALE = 4320
"""12 h are 10 s."""
TICKETS = 500
SEED = 20_260_513


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with running_suite(tmp_path_factory.mktemp("live"), bus="embedded", time_scale=TIME_SCALE) as running:
        yield running


async def test_five_hundred_random_tickets_are_decided_alike_live_and_simulated(suite: Suite, tmp_path: Path) -> None:
    async with Api.of(suite) as api:
        lives = Lives(api, SEED, TICKETS, opening=timedelta(hours=66), span=timedelta(hours=60))
        await lives.live()
        check = partial(alike, api, api.now(), lambda _: True)
        try:
            found = await eventually(check, SETTLED_WITHIN_S, "live equals simulated")
        finally:
            _keep(await recorded(api), tmp_path / "recording.jsonl")
    print(f"\n{TICKETS} tickets, {lives.taken} steps taken, {lives.refused} refused; {found}")  # noqa: T201 - progress
    assert lives.taken > 3 * TICKETS


def _keep(events: list[dict[str, object]], file: Path) -> None:
    """Leave the recording beside the test's result, to be looked into."""
    file.write_text("".join(f"{json.dumps(event, ensure_ascii=False)}\n" for event in events), encoding="utf-8")
