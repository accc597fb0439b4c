import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from amends_sandbox.issuer import Caller, Grant, Issuer, TokenInvalid, TokenRefused, grant, new_key
from amends_sandbox.settings import Client

NOW = datetime(2026, 5, 13, 1, 20, tzinfo=UTC)
CLIENTS = {
    "sla": Client.model_validate({"secret": "s-1", "role": "service", "tenants": "*"}),
    "shop": Client.model_validate({"secret": "s-2", "role": "storefront", "tenants": ["demo"]}),
    "amends-cli": Client.model_validate({"secret": "s-3", "role": "admin", "tenants": "*"}),
}


def form(client: str, secret: str, **more: str) -> dict[str, str]:
    asked = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "tenant": "demo"}
    return {**asked, **more}


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer(new_key(), "http://127.0.0.1:8090")


def claims_of(token: str) -> dict[str, object]:
    middle = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


def test_a_client_gets_its_own_role_in_the_tenant_it_asks_for():
    assert grant(form("shop", "s-2"), CLIENTS) == Grant("shop", "demo", "storefront", None)
    assert grant(form("sla", "s-1", tenant="other"), CLIENTS) == Grant("sla", "other", "service", None)


def test_only_the_admin_client_names_role_and_subject():
    asked = form("amends-cli", "s-3", role="department", subject="warehouse")
    assert grant(asked, CLIENTS) == Grant("amends-cli", "demo", "department", "warehouse")
    assert grant(form("amends-cli", "s-3"), CLIENTS).role == "admin"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (form("shop", "s-2", grant_type="password"), "unsupported_grant_type"),
        (form("shop", "wrong"), "invalid_client"),
        (form("nobody", "s-2"), "invalid_client"),
        (form("shop", "密"), "invalid_client"),
        ({}, "unsupported_grant_type"),
        (form("shop", "s-2", tenant=""), "invalid_request"),
        (form("shop", "s-2", tenant="other"), "unauthorized_client"),
        (form("sla", "s-1", role="admin"), "unauthorized_client"),
        (form("sla", "s-1", subject="warehouse"), "unauthorized_client"),
        (form("amends-cli", "s-3", role="king"), "invalid_request"),
    ],
)
def test_a_token_request_that_may_not_be_is_refused_in_oauth_terms(asked: dict[str, str], error: str):
    with pytest.raises(TokenRefused) as refused:
        grant(asked, CLIENTS)
    assert refused.value.error == error


def test_an_unknown_client_and_a_wrong_secret_are_not_told_apart():
    said = []
    for asked in (form("shop", "wrong"), form("nobody", "wrong")):
        with pytest.raises(TokenRefused) as refused:
            grant(asked, CLIENTS)
        said.append(refused.value.description)
    assert said[0] == said[1]


def test_a_token_says_who_for_whom_and_until_when(issuer: Issuer):
    token = issuer.sign(Grant("amends-cli", "demo", "department", "warehouse"), NOW)
    issued_at = int(NOW.timestamp())
    assert claims_of(token) == {
        "iss": "http://127.0.0.1:8090",
        "aud": "amends",
        "client_id": "amends-cli",
        "tenant": "demo",
        "role": "department",
        "scope": "amends",
        "iat": issued_at,
        "exp": issued_at + 3_600,
        "sub": "warehouse",
    }


def test_without_a_subject_there_is_no_sub(issuer: Issuer):
    assert "sub" not in claims_of(issuer.sign(Grant("sla", "demo", "service"), NOW))


def test_others_check_tokens_with_the_published_keys_which_hold_no_private_part(issuer: Issuer):
    published = issuer.public_keys()
    assert all("d" not in key for key in published["keys"])
    token = issuer.sign(Grant("sla", "demo", "service"), NOW)
    read = jwt.decode(token, KeySet.import_key_set(published), algorithms=["ES256"])
    assert read.header["kid"] == published["keys"][0]["kid"]
    assert read.claims["tenant"] == "demo"


def test_a_token_outlives_a_restart_with_the_kept_key_and_another_port():
    kept = json.loads(json.dumps(new_key()))
    token = Issuer(kept, "http://127.0.0.1:1").sign(Grant("sla", "demo", "service"), NOW)
    assert Issuer(kept, "http://127.0.0.1:2").check(token, NOW) == Caller("demo", "service")


def test_a_token_ends_after_its_hour(issuer: Issuer):
    token = issuer.sign(Grant("sla", "demo", "service"), NOW)
    assert issuer.check(token, NOW + timedelta(seconds=3_599)) == Caller("demo", "service")
    with pytest.raises(TokenInvalid):
        issuer.check(token, NOW + timedelta(seconds=3_600))


def forged(key: ECKey, algorithm: str = "ES256", **changes: object) -> str:
    claims = {"aud": "amends", "tenant": "demo", "role": "admin", "exp": int(NOW.timestamp()) + 60} | changes
    return jwt.encode({"alg": algorithm}, {name: value for name, value in claims.items() if value}, key)


def test_tokens_of_another_key_audience_or_shape_are_refused(issuer: Issuer):
    kept = new_key()
    own = Issuer(kept, "http://127.0.0.1:8090")
    key = ECKey.import_key(dict(kept))
    assert own.check(forged(key), NOW) == Caller("demo", "admin")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=") + ".e30."
    for token in (
        forged(ECKey.generate_key("P-256")),
        forged(key, aud="others"),
        forged(key, aud=None),
        forged(key, exp=None),
        forged(key, tenant=None),
        forged(key, role=None),
        unsigned,
        "not a token",
        "",
    ):
        with pytest.raises(TokenInvalid):
            own.check(token, NOW)
