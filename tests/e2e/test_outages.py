"""What is away delays a breach and never invents one; what was accepted is never lost (DESIGN, "provable")."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.e2e.api import Api
from tests.e2e.bodies import opening
from tests.e2e.claims import breached_once, ledgers_agree, no_money_moved, nothing_happened_twice
from tests.e2e.suite import Suite
from tests.e2e.waiting import eventually

from amends.instants import parse_instant
from amends_cli.suite.folder import SERVICES

pytestmark = pytest.mark.e2e

LATE = timedelta(hours=2)
"""Domain time that an outage goes on after the deadline."""


async def pass_by(api: Api, due_at: str) -> None:
    """Wait until a deadline is well over in domain time."""
    over: datetime = parse_instant(due_at) + LATE

    async def is_over() -> bool:
        return api.now() > over

    await eventually(is_over, api.real_s(over - api.now()) + 5, "the deadline is over")


async def replied_in_time_and_silent(api: Api) -> tuple[str, str, str]:
    """Ask about two tickets; return the one to be answered, the one that stays silent, and the earlier due time."""
    answered, silent = await api.open_and_ask(), await api.open_and_ask()
    due = [(await api.until_clock(t, "dept_reply", "running", within_s=20))["due_at"] for t in (answered, silent)]
    return answered, silent, due[1]


async def only_the_silent_one_is_refunded(api: Api, answered: str, silent: str) -> None:
    remedy = await api.until_issued(silent, within_s=60)
    assert remedy["amount"] == 19_900
    assert (await api.until_clock(answered, "dept_reply", "met", within_s=20))["rule"] == "B1"
    await no_money_moved(api, answered)
    await breached_once(api, silent)
    await ledgers_agree(api, [answered, silent])
    await nothing_happened_twice(api, silent)


async def test_sla_stopped_over_a_deadline_finds_the_reply_that_was_made_in_time(suite: Suite, api: Api) -> None:
    answered, silent, due_at = await replied_in_time_and_silent(api)
    suite.hold("sla")
    try:
        await api.reply(answered)
        assert api.now() < parse_instant(due_at), "the machine was too slow for this test: the reply came late"
        await pass_by(api, due_at)
    finally:
        suite.release("sla")
    await only_the_silent_one_is_refunded(api, answered, silent)


async def test_a_bus_stopped_over_a_deadline_invents_no_breach_and_loses_nothing_that_intake_accepted_meanwhile(
    suite: Suite, api: Api
) -> None:
    answered, silent, due_at = await replied_in_time_and_silent(api)
    await suite.take_bus_away()
    try:
        await api.reply(answered)
        assert api.now() < parse_instant(due_at), "the machine was too slow for this test: the reply came late"
        accepted = await api.open_many(20, "abnormal_refund")  # rule B2: 2 h
        await pass_by(api, due_at)
        await no_money_moved(api, answered, silent, *accepted)
        assert await suite.unready_reason("intake") is None
    finally:
        await suite.bring_bus_back()
    await only_the_silent_one_is_refunded(api, answered, silent)
    for ticket in accepted:
        await api.until_issued(ticket, within_s=60)
        await nothing_happened_twice(api, ticket)
    await ledgers_agree(api, accepted)


async def test_a_database_that_is_away_is_said_in_readyz_and_waited_for(suite: Suite, api: Api) -> None:
    pids = {service: suite.pid(service) for service in SERVICES}
    ticket = await api.open_and_ask("abnormal_refund")
    await api.token("storefront")  # while the issuer's database is there
    suite.hold("postgres")
    try:
        for service in SERVICES:
            reason = await eventually(partial(suite.unready_reason, service), 20, f"{service} says it is not ready")
            assert "database" in str(reason)
        refused = await api.call("POST", "intake/tickets", role="storefront", body=opening("abnormal_refund"))
        assert refused.status_code == 503, refused.text
        assert "Retry-After" in refused.headers
    finally:
        suite.release("postgres")
    await suite.until_ready(*SERVICES)
    assert {service: suite.pid(service) for service in SERVICES} == pids, "they waited, and did not restart"

    assert (await api.until_issued(ticket, within_s=60))["amount"] == 19_900
    await nothing_happened_twice(api, ticket)
