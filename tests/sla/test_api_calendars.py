"""`/v1/calendars`: importing dates makes the next version of the tenant's policy; `/readyz` tells of unknown holidays."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.sla.conftest import Suite
from tests.sla.door import as_, door_of

from amends.policy.load import default_text, pack

pytestmark = pytest.mark.servers
NEW_YEAR = {"dates": {"2027-01-01": "closed"}, "confirms": [2027]}


@pytest.fixture
async def http(suite: Suite) -> AsyncIterator[httpx.AsyncClient]:
    async with door_of(suite) as made:
        await made.post("/v1/policies", json={"body": default_text()}, headers=as_("manager"))
        yield made


async def imported(http: httpx.AsyncClient, body: Any, **who: Any) -> httpx.Response:
    return await http.post("/v1/calendars", json=body, headers=as_(**({"role": "manager"} | who)))


async def test_imported_dates_are_the_next_version_of_the_policy_and_nothing_else_changes(
    http: httpx.AsyncClient, suite: Suite
) -> None:
    answer = await imported(http, NEW_YEAR, subject="wang")
    assert (answer.status_code, answer.json()["version"]) == (201, 2)
    (stored,) = (await http.get(answer.headers["Location"], headers=as_("analyst"))).json()["items"]
    working_days = stored["body"]["calendars"].pop("working_days")
    expected = pack("default").body()
    was = expected["calendars"].pop("working_days")
    assert (stored["author"], stored["body"]) == ("wang", expected)
    assert set(working_days["closed"]) - set(was["closed"]) == {"2027-01-01"}
    assert working_days["confirmed_years"] == [*was["confirmed_years"], 2027]
    told = [it for it in await suite.published() if it.type == "amends.policy.published.v1"]
    assert [it.data["version"] for it in told] == [1, 2]
    calendars = (await http.get("/v1/calendars", headers=as_("analyst"))).json()["items"]
    assert [(it["name"], it["policy_version"]) for it in calendars] == [("service", 2), ("working_days", 2)]


async def test_the_same_dates_again_make_no_version(http: httpx.AsyncClient) -> None:
    await imported(http, NEW_YEAR)
    again = await imported(http, NEW_YEAR)
    assert (again.status_code, again.json()["version"]) == (200, 2)


async def test_imports_at_the_same_time_lose_nothing(http: httpx.AsyncClient) -> None:
    days = [f"2027-0{n}-04" for n in range(1, 6)]
    answers = await asyncio.gather(*(imported(http, {"dates": {day: "closed"}}) for day in days))
    assert sorted(it.json()["version"] for it in answers) == [2, 3, 4, 5, 6]
    _, working_days = (await http.get("/v1/calendars", headers=as_("analyst"))).json()["items"]
    assert set(days) <= set(working_days["closed"])


async def test_a_year_that_is_not_confirmed_is_warned_of(http: httpx.AsyncClient) -> None:
    answer = await imported(http, {"dates": {"2030-01-01": "closed"}})
    assert all(warning["row"] == "calendars.working_days" for warning in answer.json()["warnings"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"dates": {}},
        {"dates": {"2027-13-01": "closed"}},
        {"dates": {"2027-01-01": "holiday"}},
        {"dates": {"2027-01-01": [["21:00", "08:00"]]}},
        {"dates": {"2027-01-01": "closed"}, "calendar": "moon"},
        {"dates": {"2027-01-01": "closed"}, "confirms": ["soon"]},
        {"dates": {"2027-01-01": "closed"}, "color": "red"},
    ],
)
async def test_dates_that_do_not_fit_are_422_and_change_nothing(http: httpx.AsyncClient, body: Any) -> None:
    answer = await imported(http, body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert len((await http.get("/v1/policies", headers=as_("analyst"))).json()["items"]) == 1


async def test_a_tenant_without_a_policy_has_no_calendar_to_import_into(http: httpx.AsyncClient) -> None:
    answer = await imported(http, NEW_YEAR, tenant="other")
    assert (answer.status_code, answer.json()["title"]) == (409, "The tenant has no policy yet")


async def test_only_who_may_publish_may_import(http: httpx.AsyncClient) -> None:
    for role in ("specialist", "team_leader", "analyst", "storefront", "department", "merchant"):
        assert (await imported(http, NEW_YEAR, role=role)).status_code == 403
