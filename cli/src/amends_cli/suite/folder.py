"""The data folder of a suite (`.amends/`): what has to be the same after a restart, and where the rest lies."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from amends_cli.local.ports import choose_port, is_free

SERVICES = ("intake", "sla", "compensation", "notify")
"""Short names: `--only` name, consumer group, and end of the database's name (CONTRACT §7)."""
SANDBOX = "sandbox"
ADMIN_CLIENT = "amends-cli"


class Remembered(BaseModel):
    """What a suite keeps about itself. `anchor` None: domain time is real time; `time_scale` None: never started."""

    model_config = ConfigDict(extra="forbid")

    bus: str | None = None
    time_scale: float | None = None
    anchor: str | None = None
    ports: dict[str, int] = {}
    policy_published: bool = False
    payouts_set: bool = False


class DataFolder:
    """One suite's folder, readable by its owner only: it holds passwords."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def make(self) -> None:
        """Make the folder if it is missing."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.path / "logs"

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL's folder."""
        return self.path / "postgres"

    @property
    def kafka(self) -> Path:
        """The local Kafka's folder."""
        return self.path / "kafka"

    @property
    def lease(self) -> Path:
        """Held by the supervisor of the suite."""
        return self.path / "up.lock"

    @property
    def instances(self) -> Path:
        """A lease and an address for each additional instance."""
        return self.path / "instances"

    @property
    def endpoints_file(self) -> Path:
        """Written last, when everything is ready (CONTRACT §7)."""
        return self.path / "endpoints.json"

    def remembered(self) -> Remembered:
        """Return what this folder's suite keeps about itself."""
        file = self.path / "suite.json"
        return Remembered.model_validate_json(file.read_text(encoding="utf-8")) if file.exists() else Remembered()

    def remember(self, what: Remembered) -> None:
        """Keep it."""
        write_whole(self.path / "suite.json", what.model_dump_json(indent=2))

    def client_secrets(self) -> dict[str, str]:
        """Return client id → secret, for every service and for this command; made once."""
        file = self.path / "secrets.json"
        if not file.exists():
            names = [*(client_of(service) for service in SERVICES), ADMIN_CLIENT]
            write_whole(file, json.dumps({name: secrets.token_urlsafe(32) for name in names}, indent=2))
        return dict(json.loads(file.read_text(encoding="utf-8")))

    def endpoints(self) -> dict[str, str] | None:
        """Return name → URL of the running suite, None when none was ever ready here."""
        if not self.endpoints_file.exists():
            return None
        return dict(json.loads(self.endpoints_file.read_text(encoding="utf-8")))

    def write_endpoints(self, endpoints: dict[str, str]) -> None:
        """Say that the suite is ready."""
        write_whole(self.endpoints_file, json.dumps(endpoints, indent=2))


def client_of(service: str) -> str:
    """Return the client id under which a service asks the issuer for tokens."""
    return f"amends-{service}"


def with_ports(remembered: Remembered) -> Remembered:
    """Return it with a free port for every HTTP process: the one it had, if no other program has it now."""
    ports: dict[str, int] = {}
    for name in (*SERVICES, SANDBOX):
        port = remembered.ports.get(name)
        while port is None or port in ports.values() or not is_free(port):
            port = choose_port()
        ports[name] = port
    return remembered.model_copy(update={"ports": ports})


def write_whole(file: Path, text: str) -> None:
    """Write a file that readers see whole or not at all, for its owner's eyes only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_name(f".{file.name}.{os.getpid()}")
    half.touch(mode=0o600)
    half.write_text(text + "\n", encoding="utf-8")
    half.replace(file)


def read_json(file: Path) -> Any:
    """Read a JSON file."""
    return json.loads(file.read_text(encoding="utf-8"))
