"""What runs, as data: every HTTP process with its module, port and environment. Deciding it starts nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from amends_cli.suite.folder import ADMIN_CLIENT, SANDBOX, SERVICES, client_of

LOOPBACK = "127.0.0.1"
BUSES = ("embedded", "kafka")


@dataclass(frozen=True, slots=True)
class ProcessPlan:
    """One process: `python -m module` with this environment beside what it inherits, answering at `port`."""

    name: str
    module: str
    port: int
    environment: Mapping[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all processes of a suite share. `anchor` None: domain time is real time. `databases`: name → URL."""

    databases: Mapping[str, str] = field(repr=False)
    bus_url: str = field(repr=False)
    ports: Mapping[str, int]
    secrets: Mapping[str, str] = field(repr=False)
    anchor: str | None = None

    @property
    def issuer_url(self) -> str:
        """The sandbox is the issuer too."""
        return f"http://{LOOPBACK}:{self.ports[SANDBOX]}"


def database_names() -> list[str]:
    """Return the databases that a suite has, the embedded bus's among them."""
    return [f"amends_{name}" for name in (*SERVICES, "bus", SANDBOX)]


def plan_service(name: str, around: Surroundings, port: int) -> ProcessPlan:
    """Plan one instance of a service, at its usual port or at another beside it."""
    client = client_of(name)
    environment = _shared_environment(around, f"amends_{name}", port) | {
        "BUS_URL": around.bus_url,
        "CLIENT_ID": client,
        "CLIENT_SECRET": around.secrets[client],
        "KAFKA_REPLICATION": "1",  # one broker cannot hold more copies
        "KAFKA_MIN_INSYNC": "1",
        "BUS_GROUP_LEASE_S": "4",  # one machine: a member that is not heard of is dead, not far away
    }
    if name in {"compensation", "notify"}:
        environment["STOREFRONT_URL"] = around.issuer_url
    if name == "notify":
        environment["INTAKE_URL"] = f"http://{LOOPBACK}:{around.ports['intake']}"
    return ProcessPlan(name, f"{name}_svc.main", port, environment)


def plan_sandbox(around: Surroundings) -> ProcessPlan:
    """Plan the sandbox, which knows every client's secret."""
    port = around.ports[SANDBOX]
    clients = {
        name: {"secret": secret, "role": "admin" if name == ADMIN_CLIENT else "service", "tenants": "*"}
        for name, secret in around.secrets.items()
    }
    environment = _shared_environment(around, "amends_sandbox", port) | {"AMENDS_CLIENTS": json.dumps(clients)}
    return ProcessPlan(SANDBOX, "amends_sandbox.main", port, environment)


def plan_services(names: Sequence[str], around: Surroundings) -> list[ProcessPlan]:
    """Plan the named services at their usual ports."""
    return [plan_service(name, around, around.ports[name]) for name in names]


def endpoints(around: Surroundings) -> dict[str, str]:
    """Return what `endpoints.json` holds (CONTRACT §7)."""
    urls = {name: f"http://{LOOPBACK}:{around.ports[name]}" for name in (*SERVICES, SANDBOX)}
    return {**urls, "bus": around.bus_url, "issuer": around.issuer_url}


def _shared_environment(around: Surroundings, database: str, port: int) -> dict[str, str]:
    environment = {
        "DATABASE_URL": around.databases[database],
        "LISTEN_HOST": LOOPBACK,
        "LISTEN_PORT": str(port),
        "ISSUER_URL": around.issuer_url,
        "AMENDS_ENV": "demo",
    }
    if around.anchor is not None:
        environment["AMENDS_TIME_ANCHOR"] = around.anchor
    return environment
