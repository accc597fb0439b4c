import httpx
import pytest
from tests.sandbox.conftest import bearer

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("path", ["/ledger", "/inbox", "/faults", "/orders/O-1", "/refunds?reference=R", "/v1/ledger"])
async def test_without_a_token_nothing_is_told(anonymous: httpx.AsyncClient, path: str):
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
        answer = await anonymous.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_health_keys_and_openapi_are_open(anonymous: httpx.AsyncClient):
    for path in ("/livez", "/readyz", "/openapi.json", "/.well-known/jwks.json"):
        assert (await anonymous.get(path)).status_code == 200
    told = (await anonymous.get("/.well-known/openid-configuration")).json()
    assert told["issuer"] == "http://issuer.test"
    assert told["token_endpoint"] == "http://issuer.test/token"
    assert told["jwks_uri"] == "http://issuer.test/.well-known/jwks.json"


async def test_the_paths_of_the_contract_are_published(anonymous: httpx.AsyncClient):
    published = (await anonymous.get("/openapi.json")).json()
    assert published["openapi"].startswith("3.1")
    assert {
        "/refunds",
        "/vouchers",
        "/messages",
        "/inbox",
        "/faults",
        "/ledger",
        "/orders/{order_id}",
        "/token",
    } <= set(published["paths"])


async def test_tenants_do_not_see_each_other(anonymous: httpx.AsyncClient):
    ours, theirs = await bearer(anonymous, "demo"), await bearer(anonymous, "other")
    order = {"currency": "CNY", "paid_amount": 100}
    assert (await anonymous.put("/orders/O-1", json=order, headers=ours)).status_code == 201
    assert (await anonymous.get("/orders/O-1", headers=theirs)).status_code == 404
    assert (await anonymous.put("/orders/O-1", json=order, headers=theirs)).status_code == 201


async def test_the_token_endpoint_refuses_in_oauth_terms(anonymous: httpx.AsyncClient):
    form = {"grant_type": "client_credentials", "client_id": "amends-cli", "client_secret": "x", "tenant": "demo"}
    refused = await anonymous.post("/token", data=form)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    form |= {"client_secret": "a", "role": "department", "subject": "warehouse"}
    given = await anonymous.post("/token", data=form)
    assert given.headers["Cache-Control"] == "no-store"
    assert (given.json()["token_type"], given.json()["expires_in"]) == ("Bearer", 3_600)
    headers = {"Authorization": f"Bearer {given.json()['access_token']}"}
    assert (await anonymous.get("/ledger", headers=headers)).status_code == 200
