"""The manners that every service shares: idempotency, problems, tokens, events by cursor."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.issuer import bearer, signed, verifier

from amends.auth import AGENTS, Principal, allow
from amends.db import Tx, writing
from amends.events.ticket import TicketReopened
from amends.http.app import build_app
from amends.http.once import Answer, once
from amends.http.problems import Problem
from amends.outbox import Outbox

pytestmark = pytest.mark.servers


def token(role: str = "specialist", tenant: str = "demo", **claims: Any) -> dict[str, str]:
    return bearer(role, tenant, **claims)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    amount: int
    at: datetime


@pytest.fixture
async def client(engine: AsyncEngine) -> AsyncIterator[httpx.AsyncClient]:
    async with engine.begin() as tx:
        await tx.execute(text("CREATE TABLE IF NOT EXISTS things (amount int)"))
    router = APIRouter()

    @router.post("/things")
    async def make(request: Request, body: Body, caller: Annotated[Principal, Depends(allow(*AGENTS))]) -> Response:
        async def effect(tx: Tx) -> Answer:
            if body.amount < 0:
                raise Problem(409, "Not in this state", "a thing cannot shrink", allowed=["growth"])
            await tx.execute(text("INSERT INTO things VALUES (:a)"), {"a": body.amount})
            if body.amount == 7:
                await asyncio.sleep(0.5)
            return Answer(201, {"amount": body.amount, "by": caller.name}, {"Location": "/v1/things/1"})

        return await once(request, engine, caller, effect)

    async def ready() -> dict[str, Any]:
        return {"database": "ok", "bus": "away: connection refused"}

    async def handle(tx: Tx, event: Any) -> None: ...

    app = build_app(
        title="test",
        engine=engine,
        verifier=verifier(),
        routers=[router],
        handle=handle,
        readiness=ready,
        after_request=lambda: None,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as made:
        yield made


BODY = {"amount": 5, "at": "2026-05-13T09:20:00+08:00"}


async def test_the_same_key_and_body_have_one_effect_and_the_same_answer(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    headers = token() | {"Idempotency-Key": "k-1"}
    first = await client.post("/v1/things", json=BODY, headers=headers)
    again = await client.post("/v1/things", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Location"] == "/v1/things/1"
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM things"))).scalar_one() == 1


async def test_the_same_key_of_two_people_of_one_client_is_two_intentions(client: httpx.AsyncClient) -> None:
    for name in ("ann", "bob"):
        headers = bearer("specialist", "demo", name) | {"Idempotency-Key": "k-1"}
        answer = await client.post("/v1/things", json=BODY, headers=headers)
        assert (answer.status_code, "Idempotency-Replayed" in answer.headers) == (201, False)


async def test_a_missing_key_is_400_and_another_body_under_it_422(client: httpx.AsyncClient) -> None:
    missing = await client.post("/v1/things", json=BODY, headers=token())
    assert missing.status_code == 400
    assert missing.headers["content-type"] == "application/problem+json"
    headers = token() | {"Idempotency-Key": "k-1"}
    await client.post("/v1/things", json=BODY, headers=headers)
    other = await client.post("/v1/things", json=BODY | {"amount": 6}, headers=headers)
    assert other.status_code == 422


async def test_a_key_in_flight_is_409(client: httpx.AsyncClient) -> None:
    headers = token() | {"Idempotency-Key": "k-1"}
    answers = await asyncio.gather(
        *(client.post("/v1/things", json=BODY | {"amount": 7}, headers=headers) for _ in range(2))
    )
    assert sorted(a.status_code for a in answers) == [201, 409]


async def test_a_refused_request_may_be_mended_under_the_same_key(client: httpx.AsyncClient) -> None:
    headers = token() | {"Idempotency-Key": "k-1"}
    refused = await client.post("/v1/things", json=BODY | {"amount": -1}, headers=headers)
    assert refused.status_code == 409
    assert refused.json()["allowed"] == ["growth"]
    assert (await client.post("/v1/things", json=BODY, headers=headers)).status_code == 201


async def test_the_same_key_of_another_client_is_another_key(client: httpx.AsyncClient) -> None:
    for tenant in ("demo", "other"):
        headers = token(tenant=tenant) | {"Idempotency-Key": "k-1"}
        answer = await client.post("/v1/things", json=BODY, headers=headers)
        assert "Idempotency-Replayed" not in answer.headers


async def test_every_wrong_field_is_named_at_once(client: httpx.AsyncClient) -> None:
    headers = token() | {"Idempotency-Key": "k-1"}
    answer = await client.post("/v1/things", json={"amount": "x", "color": "red"}, headers=headers)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"amount", "at", "color"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Basic eDp5"}, 401),
        ({"Authorization": "Bearer not.a.token"}, 401),
        (token(lifetime_s=-3_000_000_000), 401),
        (token(aud="else"), 401),
        (token(iss="http://evil.test"), 401),
        (token(role="emperor"), 401),
        (token(role="analyst"), 403),
        (token(role="storefront"), 403),
    ],
)
async def test_no_token_or_a_bad_one_is_401_and_the_wrong_role_403(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    answer = await client.post("/v1/things", json=BODY, headers=headers | {"Idempotency-Key": "k-1"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_token_signed_by_another_key_is_401(client: httpx.AsyncClient) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "k1"})
    forged = signed("admin", key=stranger)
    answer = await client.get("/v1/events", headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401


async def test_readiness_says_what_is_missing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/livez")).status_code == 200
    ready = await client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["bus"].startswith("away")
    assert "amends_http_request_seconds" in (await client.get("/metrics")).text


async def record_five(engine: AsyncEngine) -> None:
    outbox = Outbox("/amends/intake")
    for ticket, tenant in (("T-1", "demo"), ("T-2", "demo"), ("T-3", "other"), ("T-1", "demo"), ("T-4", "demo")):
        async with writing(engine) as tx:
            at = await outbox.now(tx, ticket)
            await outbox.publish(tx, ticket, [TicketReopened(reason="r")], tenant=tenant, at=at)
    async with writing(engine) as tx:
        await tx.execute(
            text("UPDATE watermark SET published_up_to = (SELECT max(time) FROM outbox WHERE subject <> 'T-4')")
        )


async def test_events_page_by_cursor_below_the_watermark_and_only_of_the_tenant(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    await record_five(engine)
    url: str | None = "/v1/events?limit=2"
    seen: list[str] = []
    while url:
        answer = await client.get(url, headers=token(role="analyst"))
        assert answer.status_code == 200
        seen += [line for line in answer.text.splitlines() if line]
        url = answer.links.get("next", {}).get("url")
    assert ['"subject":"T-1"' in line for line in seen] == [True, False, True]
    only = await client.get("/v1/events?ticket=T-1", headers=token(role="analyst"))
    assert len(only.text.splitlines()) == 2
    first_id = httpx.Response(200, text=only.text.splitlines()[0]).json()["id"]
    later = await client.get(f"/v1/events?after={first_id}", headers=token(role="analyst"))
    assert len(later.text.splitlines()) == 2
    assert "next" not in later.links
    assert (await client.get("/v1/events?after=nonsense", headers=token(role="analyst"))).status_code == 400


async def test_a_defect_is_answered_as_a_problem_and_what_may_heal_with_try_again(engine: AsyncEngine) -> None:
    router = APIRouter()

    @router.get("/broken/{how}")
    async def broken(how: str) -> None:
        raise ConnectionRefusedError if how == "away" else KeyError(how)

    async def nothing(*_: Any) -> dict[str, Any]:
        return {}

    app = build_app(
        title="test",
        engine=engine,
        verifier=verifier(),
        routers=[router],
        handle=nothing,  # type: ignore[arg-type]
        readiness=nothing,
        after_request=lambda: None,
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        away = await client.get("/v1/broken/away")
        defect = await client.get("/v1/broken/defect")
    assert (away.status_code, away.headers["Retry-After"]) == (503, "1")
    assert (defect.status_code, defect.json()["title"]) == (500, "Our fault")
