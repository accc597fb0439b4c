"""`/v1/outages`: who may declare one, what is refused, and what the declaration does to clocks, seen from outside."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.sla.conftest import Suite
from tests.sla.door import as_, door_of
from tests.sla.streams import MONDAY, H, asked, numbered, opened

from amends.auth import READERS, ROLES
from amends.db import reading, writing
from amends.instants import format_instant
from sla_svc.decisions.outages import Outage
from sla_svc.store import outages

pytestmark = pytest.mark.servers

DUE = MONDAY + 12 * H
"""B1: asked at 09:00, due 12 h later."""


@pytest.fixture
async def http(suite: Suite) -> AsyncIterator[httpx.AsyncClient]:
    async with door_of(suite) as made:
        yield made


def body(**other: Any) -> dict[str, Any]:
    told = {"since": format_instant(DUE - 2 * H), "until": format_instant(DUE + H), "reason": "power cut"}
    return {name: value for name, value in (told | other).items() if value is not None}


async def declared(http: httpx.AsyncClient, sent: Any, **who: Any) -> httpx.Response:
    return await http.post("/v1/outages", json=sent, headers=as_(**({"role": "manager"} | who)))


async def count(suite: Suite) -> int:
    async with reading(suite.engine) as tx:
        return int((await tx.execute(text("SELECT count(*) FROM declared_outages"))).scalar_one())


async def test_a_declared_outage_moves_the_clocks_that_are_due_in_it_and_says_so(
    http: httpx.AsyncClient, suite: Suite
) -> None:
    await suite.arrive(*numbered([opened(), asked(MONDAY)]))
    await suite.applier().apply_up_to(MONDAY)
    answer = await declared(http, body(until="2026-05-11T22:00:00+08:00", reason=" power cut "), subject="wang")
    assert answer.status_code == 201
    told = answer.json()
    assert {name: told[name] for name in ("kind", "since", "until", "reason", "declared_by")} == {
        "kind": "declared",
        "since": "2026-05-11T11:00:00.000000Z",
        "until": "2026-05-11T14:00:00.000000Z",
        "reason": "power cut",
        "declared_by": "wang",
    }
    await suite.applier().apply_up_to(MONDAY)
    clocks = (await http.get("/v1/tickets/T-1/clocks", headers=as_("analyst"))).json()["items"]
    (reply,) = [it for it in clocks if it["clock"] == "dept_reply"]
    assert (reply["due_at"], reply["state"]) == (format_instant(DUE + 3 * H), "running")
    why = (await http.get("/v1/tickets/T-1/clocks/dept_reply/explanation", headers=as_("analyst"))).json()
    assert [(it["reason"], it["outage"]["until"]) for it in why["moves"]] == [("power cut", told["until"])]
    assert any("power cut" in it for it in why["sentences"]["zh"])
    deadlines = (await http.get("/v1/deadlines", headers=as_("analyst"))).json()["items"]
    assert [it["due_at"] for it in deadlines if it["clock"] == "dept_reply"] == [reply["due_at"]]


async def test_a_resend_declares_nothing_new_and_a_missing_key_is_400(http: httpx.AsyncClient, suite: Suite) -> None:
    first = await declared(http, body(), key="k1")
    again = await declared(http, body(), key="k1")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert (await declared(http, body(reason="flood"), key="k1")).status_code == 422
    headers = {name: value for name, value in as_("manager").items() if name != "Idempotency-Key"}
    assert (await http.post("/v1/outages", json=body(), headers=headers)).status_code == 400
    assert await count(suite) == 1


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({}, {"since", "until", "reason"}),
        (body(until=format_instant(DUE - 2 * H)), {"until"}),
        (body(until=format_instant(DUE - 3 * H)), {"until"}),
        (body(since="2026-05-11T19:00:00", until="tomorrow", reason="  "), {"since", "until", "reason"}),
        (body(since=5, until=None), {"since", "until"}),
        (body(until=format_instant(DUE + 166 * H + timedelta(microseconds=1)), reason=""), {"until", "reason"}),
        (body(since="2027-05-20T00:00:00Z", until="2027-05-20T01:00:00Z"), {"until"}),
        (body(until="9999-12-31T23:59:59-12:00"), {"until"}),
        (body(reason="x" * 501), {"reason"}),
        (body(reason="a\x00b"), {"reason"}),
        (body(reason=7, colour="red"), {"reason", "colour"}),
        (["no", "object"], {"body"}),
    ],
)
async def test_what_is_wrong_is_said_at_once_by_its_field_and_nothing_is_kept(
    http: httpx.AsyncClient, suite: Suite, sent: Any, fields: set[str]
) -> None:
    answer = await declared(http, sent)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert {it["field"] for it in answer.json()["errors"]} == fields
    assert await count(suite) == 0


async def test_the_longest_outage_and_one_that_lies_ahead_are_taken(http: httpx.AsyncClient) -> None:
    assert (await declared(http, body(until=format_instant(DUE + 166 * H)))).status_code == 201
    planned = body(since="2027-05-01T00:00:00+08:00", until="2027-05-01T02:00:00+08:00")
    assert (await declared(http, planned)).status_code == 201


async def test_what_is_no_json_is_422(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/outages", content=b"{", headers=as_("manager"))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body")


async def test_managers_declare_outages_and_everybody_who_reads_may_list_them(http: httpx.AsyncClient) -> None:
    for role in ROLES:
        may = role in {"manager", "admin", "service"}
        assert (await declared(http, body(), role=role)).status_code == (201 if may else 403), role
        expected = 200 if role in READERS else 403
        assert (await http.get("/v1/outages", headers=as_(role))).status_code == expected, role


async def test_the_list_has_the_tenants_declared_outages_and_those_of_intake_by_start_and_in_pages(
    http: httpx.AsyncClient, suite: Suite
) -> None:
    await declared(http, body(since=format_instant(DUE), reason="second"), subject="wang")
    await declared(http, body(reason="first"), subject="li")
    await declared(http, body(reason="theirs"), tenant="other")
    async with writing(suite.engine) as tx:
        await outages.add(tx, [Outage(DUE - H, DUE)])
    seen, path = [], "/v1/outages?limit=1"
    while path:
        answer = await http.get(path, headers=as_("analyst"))
        seen += answer.json()["items"]
        path = answer.links.get("next", {}).get("url", "")
    assert [(it["kind"], it.get("reason"), it.get("declared_by")) for it in seen] == [
        ("declared", "first", "li"),
        ("found", None, None),
        ("declared", "second", "wang"),
    ]
    assert (await http.get("/v1/outages?cursor=WyJ4Il0", headers=as_("analyst"))).status_code == 400


async def test_the_openapi_document_says_what_is_sent(http: httpx.AsyncClient) -> None:
    path = (await http.get("/openapi.json")).json()["paths"]["/v1/outages"]["post"]
    schema = path["requestBody"]["content"]["application/json"]["schema"]
    assert (set(schema["required"]), schema["additionalProperties"]) == ({"since", "until", "reason"}, False)
