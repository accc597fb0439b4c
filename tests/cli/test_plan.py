"""What runs, decided without starting anything."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.clock import TimeAnchor
from amends_cli.errors import WrongUse
from amends_cli.suite.anchor import anchor_for
from amends_cli.suite.folder import ADMIN_CLIENT, SANDBOX, SERVICES, Remembered, client_of, with_ports
from amends_cli.suite.plan import (
    Surroundings,
    database_names,
    endpoints,
    plan_sandbox,
    plan_service,
    plan_services,
)
from amends_cli.suite.settle import Asked, check, given_urls, settle, split_names

AROUND = Surroundings(
    databases={name: f"postgresql://amends:pw@127.0.0.1:5/{name}" for name in database_names()},
    bus_url="kafka://127.0.0.1:9",
    ports={"intake": 1, "sla": 2, "compensation": 3, "notify": 4, "sandbox": 5},
    secrets={name: f"secret of {name}" for name in [*(client_of(s) for s in SERVICES), ADMIN_CLIENT]},
)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_gets_its_own_database_its_client_and_the_shared_bus_and_issuer(name: str) -> None:
    plan = plan_service(name, AROUND, AROUND.ports[name])

    assert plan.module == f"{name}_svc.main"
    environment = dict(plan.environment)
    assert environment["DATABASE_URL"].endswith(f"/amends_{name}")
    assert environment["CLIENT_SECRET"] == f"secret of amends-{name}"
    assert environment["BUS_URL"] == "kafka://127.0.0.1:9"
    assert environment["ISSUER_URL"] == "http://127.0.0.1:5"
    assert environment["LISTEN_PORT"] == str(AROUND.ports[name])
    assert environment["AMENDS_ENV"] == "demo"


def test_only_those_who_call_the_storefront_or_intake_are_told_where_they_are() -> None:
    told = {plan.name: dict(plan.environment) for plan in plan_services(SERVICES, AROUND)}

    assert {name for name, env in told.items() if "STOREFRONT_URL" in env} == {"compensation", "notify"}
    assert {name for name, env in told.items() if "INTAKE_URL" in env} == {"notify"}


def test_without_an_anchor_no_process_hears_of_scaled_time_and_with_one_all_do() -> None:
    anchor = TimeAnchor.identity().to_json()
    scaled = Surroundings(AROUND.databases, AROUND.bus_url, AROUND.ports, AROUND.secrets, anchor)

    assert all("AMENDS_TIME_ANCHOR" not in plan.environment for plan in plan_services(SERVICES, AROUND))
    assert {plan.environment["AMENDS_TIME_ANCHOR"] for plan in plan_services(SERVICES, scaled)} == {anchor}


def test_the_sandbox_knows_every_client_and_only_the_command_may_be_admin() -> None:
    clients = json.loads(plan_sandbox(AROUND).environment["AMENDS_CLIENTS"])

    assert {name: client["role"] for name, client in clients.items()} == {
        **{f"amends-{service}": "service" for service in SERVICES},
        "amends-cli": "admin",
    }
    assert clients["amends-sla"]["secret"] == "secret of amends-sla"


def test_no_secret_shows_when_a_plan_is_printed() -> None:
    shown = repr([plan_sandbox(AROUND), *plan_services(SERVICES, AROUND), AROUND])

    assert "secret of" not in shown
    assert ":pw@" not in shown


def test_the_endpoints_are_those_of_the_contract() -> None:
    assert set(endpoints(AROUND)) == {"intake", "sla", "compensation", "notify", "sandbox", "bus", "issuer"}


def test_ports_stay_those_of_the_last_start_and_never_collide() -> None:
    first = with_ports(Remembered()).ports

    assert with_ports(Remembered(ports=first)).ports == first
    assert len(set(first.values())) == len(first) == len((*SERVICES, SANDBOX))


@given(st.integers(min_value=0, max_value=5 * 365 * 24 * 60))
def test_scaled_time_begins_on_a_monday_at_nine_in_shanghai_at_whatever_minute_it_starts(minute: int) -> None:
    now = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    anchor = anchor_for(60.0, now)

    assert anchor is not None
    assert anchor.domain(now) == anchor.virtual
    local = anchor.virtual.astimezone(UTC) + timedelta(hours=8)
    assert (local.weekday(), local.hour, local.minute) == (0, 9, 0)
    assert timedelta(0) <= now - anchor.virtual < timedelta(days=7)


def test_at_scale_one_domain_time_is_real_time() -> None:
    assert anchor_for(1.0, datetime(2026, 5, 13, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(only=("sla", "billing")), "not billing"),
        (Asked(bus="rabbit"), "embedded or kafka"),
        (Asked(time_scale=0.0), "above 0"),
        (Asked(time_scale=float("nan")), "above 0"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(asked: Asked, said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        check(asked)


def test_a_new_folder_takes_what_was_asked_and_an_old_one_keeps_what_it_has() -> None:
    new = settle(Asked(bus="kafka", time_scale=60.0), Remembered())

    assert (new.bus, new.time_scale) == ("kafka", 60.0)
    assert settle(Asked(), new) == new
    assert (settle(Asked(), Remembered()).bus, settle(Asked(), Remembered()).time_scale) == ("embedded", 1.0)


@pytest.mark.parametrize("asked", [Asked(bus="embedded"), Asked(time_scale=1.0)])
def test_an_old_folder_refuses_another_bus_and_another_time(asked: Asked) -> None:
    with pytest.raises(WrongUse, match="name another folder"):
        settle(asked, Remembered(bus="kafka", time_scale=60.0))


def test_service_names_may_be_given_one_by_one_or_with_commas() -> None:
    assert split_names(["intake,sla", "notify"]) == ("intake", "sla", "notify")


def test_a_service_runs_alone_only_when_all_its_servers_are_named() -> None:
    urls = {"DATABASE_URL": "a", "BUS_URL": "b", "ISSUER_URL": "c"}

    assert given_urls(Asked(only=("sla",)), urls)
    assert not given_urls(Asked(), urls)
    assert not given_urls(Asked(only=("sla",)), {**urls, "BUS_URL": ""})
