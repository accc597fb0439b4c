import json

import pytest
from pydantic import ValidationError

from amends_sandbox.settings import Client, Settings, complaints

CLIENTS = json.dumps(
    {
        "amends-sla": {"secret": "s", "role": "service", "tenants": "*"},
        "shop": {"secret": "t", "role": "storefront", "tenants": ["demo"]},
    }
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AMENDS_CLIENTS", "ISSUER_URL", "LISTEN_HOST", "LISTEN_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AMENDS_ENV", "test")
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p@127.0.0.1:1/amends_sandbox")


def test_clients_come_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AMENDS_CLIENTS", CLIENTS)
    clients = Settings().amends_clients
    assert clients["amends-sla"].may_act_for("anyone")
    assert clients["shop"].may_act_for("demo")
    assert not clients["shop"].may_act_for("other")


def test_the_issuer_url_has_no_slash_at_its_end_and_is_made_up_when_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LISTEN_PORT", "8123")
    assert Settings().public_url() == "http://127.0.0.1:8123"
    monkeypatch.setenv("ISSUER_URL", "http://sandbox.test/")
    assert Settings().public_url() == "http://sandbox.test"


def test_a_client_with_an_unknown_role_is_refused():
    with pytest.raises(ValidationError, match="role must be one of storefront"):
        Client.model_validate({"secret": "s", "role": "king", "tenants": "*"})


def complaints_of_settings() -> list[str]:
    with pytest.raises(ValidationError) as refused:
        Settings()
    return complaints(refused.value)


@pytest.mark.parametrize("named", ["production", None])
def test_in_production_the_issuer_does_not_start_and_unset_means_production(
    named: str | None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AMENDS_ENV")
    if named:
        monkeypatch.setenv("AMENDS_ENV", named)
    (said,) = complaints_of_settings()
    assert said.endswith("set AMENDS_ENV to demo or test; never in production")


def test_wrong_settings_are_named_without_their_values(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(
        "AMENDS_CLIENTS", json.dumps({"shop": {"secret": "very-secret", "role": "king", "tenants": "*"}})
    )
    (said,) = complaints_of_settings()
    assert said.startswith("AMENDS_CLIENTS.SHOP.ROLE: ")
    assert "very-secret" not in said
