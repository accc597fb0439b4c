"""More instances of services: beside a running suite, or alone against servers that the environment names."""

import json
import os
from collections.abc import Callable, Mapping

from amends_cli.errors import CommandFailed
from amends_cli.local.ports import choose_port, is_free
from amends_cli.local.postgres import LocalPostgres
from amends_cli.suite.children import Service
from amends_cli.suite.client import SuiteClient
from amends_cli.suite.first_run import pay_automatically, publish_default_policy
from amends_cli.suite.folder import ADMIN_CLIENT, DataFolder, write_whole
from amends_cli.suite.leases import Lease
from amends_cli.suite.plan import LOOPBACK, ProcessPlan, Surroundings, database_names, plan_service
from amends_cli.suite.ready import wait_ready
from amends_cli.suite.settle import Asked
from amends_cli.suite.supervisor import Supervisor


class InstancesRun:
    """Runs the planned instances, and keeps `instances/<our process id>.json`: name → {url, pid} of each."""

    def __init__(self, folder: DataFolder, plans: Callable[[], list[ProcessPlan]], say: Callable[[str], None]) -> None:
        self._folder = folder
        self._plans = plans
        self._say = say
        self.supervisor = Supervisor(say)
        self._services: list[Service] = []
        self._pids: dict[str, int] = {}
        self._lease = Lease(folder.instances / f"{os.getpid()}.lock")
        self._file = folder.instances / f"{os.getpid()}.json"

    def start(self) -> dict[str, str]:
        """Return name → URL when all are ready."""
        self._lease.take()
        for plan in self._plans():
            service = Service(plan, self._folder.logs, label=f"{plan.name}-{plan.port}")
            self._say(f"starting {service.name} at {plan.url}")
            self.supervisor.keep(service)
            self._services.append(service)
            service.start()
        wait_ready(self._services, self.supervisor)
        self._complete_first_run()
        self.note_processes()
        return {service.plan.name: service.plan.url for service in self._services}

    def note_processes(self) -> None:
        """Keep the file as things are now."""
        pids = self.supervisor.pids()
        if pids != self._pids:
            self._pids = pids
            entries = {s.plan.name: {"url": s.plan.url, "pid": pids.get(s.name)} for s in self._services}
            write_whole(self._file, json.dumps(entries, indent=2))

    def stop(self) -> None:
        """Stop them."""
        self.supervisor.stop(order=[[service.name for service in self._services]])
        self._file.unlink(missing_ok=True)
        self._lease.release()
        (self._folder.instances / f"{os.getpid()}.lock").unlink(missing_ok=True)

    def _complete_first_run(self) -> None:
        """Give a suite that began without these services what only they can take."""
        addresses = self._folder.endpoints()
        names = {service.plan.name for service in self._services}
        remembered = self._folder.remembered()
        if addresses is None:
            return
        with SuiteClient(addresses, self._folder.client_secrets()[ADMIN_CLIENT]) as client:
            if "sla" in names and not remembered.policy_published:
                publish_default_policy(client)
                self._folder.remember(self._folder.remembered().model_copy(update={"policy_published": True}))
            if "compensation" in names and not remembered.payouts_set:
                pay_automatically(client)
                self._folder.remember(self._folder.remembered().model_copy(update={"payouts_set": True}))


def plans_beside(folder: DataFolder, asked: Asked) -> list[ProcessPlan]:
    """Plan one more instance of each named service, against the servers of the suite that runs from this folder.

    It takes the service's usual port when nobody serves there, else one of its own.

    Raises:
        CommandFailed: the suite is not ready yet.
    """
    addresses = folder.endpoints()
    if addresses is None:
        raise CommandFailed(
            f"the suite in {folder.path} is still starting: wait until `endpoints.json` is there, then again"
        )
    remembered = folder.remembered()
    postgres = LocalPostgres(folder.postgres)
    around = Surroundings(
        databases={name: postgres.url(name) for name in database_names()},
        bus_url=addresses["bus"],
        ports=remembered.ports,
        secrets=folder.client_secrets(),
        anchor=remembered.anchor,
    )
    usual = {name: remembered.ports[name] for name in asked.services()}
    return [plan_service(name, around, port if is_free(port) else choose_port()) for name, port in usual.items()]


def plan_alone(asked: Asked, environment: Mapping[str, str]) -> list[ProcessPlan]:
    """Plan one service against the servers of the environment: DATABASE_URL, BUS_URL, ISSUER_URL and what it needs more."""
    (name,) = asked.services()
    port = int(environment.get("LISTEN_PORT") or choose_port())
    host = environment.get("LISTEN_HOST") or LOOPBACK
    return [ProcessPlan(name, f"{name}_svc.main", port, {"LISTEN_HOST": host, "LISTEN_PORT": str(port)})]
