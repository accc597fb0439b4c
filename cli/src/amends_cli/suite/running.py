"""One suite from start to stop: its servers, its processes, and the data folder that outlives them."""

import json
from collections.abc import Callable

from amends.clock import real_now
from amends_cli.errors import CommandFailed
from amends_cli.local.kafka import LocalKafka
from amends_cli.local.postgres import LocalPostgres
from amends_cli.suite.anchor import anchor_for
from amends_cli.suite.children import Service
from amends_cli.suite.client import SuiteClient
from amends_cli.suite.first_run import pay_automatically, policy_is_on_the_bus, publish_default_policy
from amends_cli.suite.folder import ADMIN_CLIENT, SANDBOX, SERVICES, DataFolder, Remembered, with_ports, write_whole
from amends_cli.suite.plan import (
    ProcessPlan,
    Surroundings,
    database_names,
    endpoints,
    plan_sandbox,
    plan_services,
)
from amends_cli.suite.ready import until, wait_ready
from amends_cli.suite.settle import Asked, settle
from amends_cli.suite.supervisor import Supervisor
from amends_cli.suite.topics import apply_topics


class SuiteRun:
    """Starts a suite in order, keeps it running, stops it in order: services, sandbox, then the servers below them."""

    def __init__(self, folder: DataFolder, asked: Asked, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._asked = asked
        self._say = say
        self.supervisor = Supervisor(say)
        self._pids: dict[str, int] = {}

    def start(self) -> dict[str, str]:
        """Return the endpoints when everything is ready. Raises ServerFailed, WrongUse or CommandFailed."""
        folder = self._folder
        remembered = with_ports(settle(self._asked, folder.remembered()))
        folder.endpoints_file.unlink(missing_ok=True)
        postgres, bus_url = self._start_servers(remembered.bus or "embedded")
        if remembered.anchor is None and (anchor := anchor_for(remembered.time_scale or 1.0, real_now())) is not None:
            remembered = remembered.model_copy(update={"anchor": anchor.to_json()})
        folder.remember(remembered)
        around = Surroundings(
            databases={name: postgres.url(name) for name in database_names()},
            bus_url=bus_url,
            ports=remembered.ports,
            secrets=folder.client_secrets(),
            anchor=remembered.anchor,
        )
        self._start_processes(around, remembered)
        addresses = endpoints(around)
        self.note_processes()
        folder.write_endpoints(addresses)
        return addresses

    def note_processes(self) -> None:
        """Keep `processes.json` (name → process id) as it is now."""
        pids = self.supervisor.pids()
        if pids != self._pids:
            self._pids = pids
            write_whole(self._folder.path / "processes.json", json.dumps(pids, indent=2))

    def stop(self) -> None:
        """Stop everything in order."""
        self._folder.endpoints_file.unlink(missing_ok=True)
        self.supervisor.stop(order=[SERVICES, [SANDBOX]])

    def _start_servers(self, bus: str) -> tuple[LocalPostgres, str]:
        """Start PostgreSQL and, beside it, Kafka; make the databases and the topics."""
        postgres = LocalPostgres(self._folder.postgres)
        kafka = LocalKafka(self._folder.kafka) if bus == "kafka" else None
        self._say("starting PostgreSQL" + (" and Kafka" if kafka else ""))
        if kafka is not None:
            self.supervisor.keep(kafka)
            kafka.launch()
        self.supervisor.keep(postgres)
        postgres.start()
        for name in database_names():
            postgres.create_database(name)
        if kafka is not None:
            kafka.wait_ready()
        bus_url = f"kafka://{kafka.bootstrap}" if kafka is not None else postgres.url("amends_bus")
        apply_topics(bus_url, replication=1, min_insync=1)
        return postgres, bus_url

    def _start_processes(self, around: Surroundings, remembered: Remembered) -> None:
        """Start sandbox and services. A new suite's policy is on the bus before those that need it start."""
        names = self._asked.services()
        publish = not remembered.policy_published and "sla" in names
        first = [plan_sandbox(around), *plan_services([name for name in names if publish and name == "sla"], around)]
        started = self._start_all(first)
        with SuiteClient(endpoints(around), around.secrets[ADMIN_CLIENT]) as client:
            if publish:
                wait_ready(started, self.supervisor)
                self._say("publishing the default policy for tenant demo")
                publish_default_policy(client)
                said = until(lambda: None if policy_is_on_the_bus(client) else "not on the bus", self.supervisor)
                if said is not None:
                    raise CommandFailed(f"the default policy is {said} yet: see {self._folder.logs / 'sla.log'}")
                remembered = self._remember(remembered, policy_published=True)
            started += self._start_all(
                plan_services([name for name in names if not (publish and name == "sla")], around)
            )
            wait_ready(started, self.supervisor)
            if not remembered.payouts_set and "compensation" in names:
                pay_automatically(client)
                self._remember(remembered, payouts_set=True)

    def _start_all(self, plans: list[ProcessPlan]) -> list[Service]:
        services = [Service(plan, self._folder.logs) for plan in plans]
        for service in services:
            self._say(f"starting {service.name} at {service.plan.url}")
            self.supervisor.keep(service)
            service.start()
        return services

    def _remember(self, remembered: Remembered, **what: bool) -> Remembered:
        changed = remembered.model_copy(update=what)
        self._folder.remember(changed)
        return changed
