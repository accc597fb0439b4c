"""`kill -9` of every service during one demo changes no outcome, and its recorded stream is decided alike when simulated."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from tests.e2e.api import Api
from tests.e2e.suite import Suite
from tests.e2e.waiting import eventually
from tests.simulate.alike import SETTLED_WITHIN_S, alike

from amends_cli.demo.session import Result, run_scenario
from amends_cli.suite.folder import ADMIN_CLIENT

pytestmark = pytest.mark.e2e

KILLS = (
    (timedelta(hours=2), "intake"),  # tickets and replies are still coming in
    (timedelta(hours=12), "sla"),  # as the first deadlines pass
    (timedelta(hours=28), "notify"),
    (timedelta(hours=48), "compensation"),  # as the second steps are being refunded
)
"""Who is killed, and how long after the demo's start in domain time."""
LIMIT_S = 120.0
"""The demo's own limit, and what four restarts may take."""
LAG = timedelta(hours=3)
"""Domain time; what is due in the last moments of a recording may not have been said yet."""


async def test_kill_9_of_each_service_in_turn_during_one_demo_changes_no_outcome_and_its_stream_is_simulated_alike(
    suite: Suite,
) -> None:
    killing = asyncio.create_task(kill_in_turn(suite))
    secret = suite.folder.client_secrets()[ADMIN_CLIENT]
    result: Result = await run_scenario(suite.endpoints, secret, suite.anchor(), limit_s=LIMIT_S)
    assert not result.differences, "\n".join(result.differences)
    await killing
    async with Api.of(suite) as api:
        assert await api.dead_letters() == []
        tickets = {case.played.ticket_id for case in result.cases}
        check = partial(alike, api, api.now() - LAG, tickets.__contains__)
        await eventually(check, SETTLED_WITHIN_S, "live equals simulated")


async def kill_in_turn(suite: Suite) -> None:
    anchor = suite.anchor()
    started = anchor.now()
    for after, service in KILLS:
        left_s = anchor.real_delay(started + after - anchor.now()).total_seconds()
        await asyncio.sleep(max(0.0, left_s))  # until its instant, which is the script and no synchronisation
        before = suite.pid(service)
        suite.kill(service)
        await eventually(partial(_runs_anew, suite, service, before), 20, f"{service} is started again")
        await suite.until_ready(service)


async def _runs_anew(suite: Suite, service: str, before: int | None) -> bool:
    return suite.pid(service) not in {None, before}
