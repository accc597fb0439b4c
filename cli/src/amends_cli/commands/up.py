"""`amends up` and `amends down`."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from amends.clock import monotonic_s
from amends_cli.commands.options import DEFAULT_DATA, DataOption, JsonOption
from amends_cli.commands.output import result_json, result_table, say
from amends_cli.errors import CommandFailed, WrongUse
from amends_cli.suite.beside import InstancesRun, plan_alone, plans_beside
from amends_cli.suite.folder import SERVICES, DataFolder
from amends_cli.suite.leases import AlreadyHeld, Lease, holder
from amends_cli.suite.running import SuiteRun
from amends_cli.suite.session import Run, StopRequested, supervise
from amends_cli.suite.settle import Asked, check, given_urls, settle, split_names

_STOP_WITHIN_S = 90.0
_POLL_S = 0.1


def up(
    bus: Annotated[str | None, typer.Option(help="Which bus: embedded (default) or kafka.", metavar="BUS")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Only these services ({', '.join(SERVICES)}); beside a running suite: one more of each."),
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    time_scale: Annotated[
        float | None, typer.Option(help="How much faster domain time runs (demo only); 60: a minute is an hour.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is ready; `amends down` stops it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run the suite on this machine until Ctrl-C: PostgreSQL, bus, sandbox and the four services.

    Everything is kept in the data folder; `endpoints.json` there says where it answers, once all is ready. A process
    that ends is started again.

    Example: amends up --bus kafka --time-scale 60
    """
    if more and not only:
        raise WrongUse(f"unexpected: {' '.join(more)}. Name services with --only")
    asked = Asked(bus, split_names([*(only or []), *(more or [])]), time_scale)
    check(asked)
    folder = DataFolder(data)
    folder.make()
    beside = _is_beside(folder, asked)
    if not beside:
        settle(asked, folder.remembered())
    if detach:
        addresses = _detach(folder, asked)
        if as_json:
            result_json(addresses)
        return
    lease = Lease(folder.lease)
    if not beside:
        try:
            lease.take()
        except AlreadyHeld as held:
            raise CommandFailed(_runs_already(folder, held.pid)) from held
    run: Run = _instances(folder, asked) if beside else SuiteRun(folder, asked, say)
    try:
        supervise(run, lambda addresses: _tell(addresses, as_json=as_json), say)
    except StopRequested:
        pass
    finally:
        lease.release()


def down(data: DataOption = DEFAULT_DATA) -> None:
    """Stop what runs from a data folder: additional instances first, then the suite.

    Example: amends down --data .amends
    """
    folder = DataFolder(data)
    instances = [pid for file in folder.instances.glob("*.lock") if (pid := holder(file))]
    suite = holder(folder.lease)
    running = [*instances, *([suite] if suite else [])]
    if not running:
        say(f"nothing runs from {data}")
        return
    for pid in instances:
        _ask_to_stop(pid)
    _wait_ended(instances)
    if suite:
        _ask_to_stop(suite)
        _wait_ended([suite])
    say("stopped")


def _is_beside(folder: DataFolder, asked: Asked) -> bool:
    """Whether this adds instances (to a running suite, or to servers elsewhere) rather than starting a suite."""
    return bool(asked.only) and (holder(folder.lease) is not None or given_urls(asked, os.environ))


def _instances(folder: DataFolder, asked: Asked) -> InstancesRun:
    if holder(folder.lease) is not None:
        return InstancesRun(folder, lambda: plans_beside(folder, asked), say)
    return InstancesRun(folder, lambda: plan_alone(asked, os.environ), say)


def _runs_already(folder: DataFolder, pid: int) -> str:
    return (
        f"a suite runs from {folder.path} already (process {pid}): stop it with `amends down`, add an instance of a "
        "service with --only, or name another folder with --data"
    )


def _tell(addresses: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        result_json(addresses)
    else:
        shown = {name: url.rpartition("@")[2] or url for name, url in addresses.items()}  # no password on the screen
        result_table(("part", "url"), [{"part": name, "url": url} for name, url in shown.items()])
        say("ready; Ctrl-C stops all")
    sys.stdout.flush()


def _detach(folder: DataFolder, asked: Asked) -> dict[str, str]:
    """Start the supervisor as a process of its own, wait until it is ready, passing on what it says; return what is where."""
    words = [sys.executable, "-m", "amends_cli", "up", "--data", str(folder.path)]
    words += [word for name in asked.only for word in ("--only", name)]
    words += ["--bus", asked.bus] if asked.bus else []
    words += ["--time-scale", f"{asked.time_scale:g}"] if asked.time_scale else []
    folder.logs.mkdir(parents=True, exist_ok=True)
    log_file = folder.logs / "up.log"
    with log_file.open("wb") as log:
        child = subprocess.Popen(  # noqa: S603 - our own command
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    ready = folder.instances / f"{child.pid}.json" if _is_beside(folder, asked) else folder.endpoints_file
    shown = 0
    while True:
        ended = child.poll() is not None
        is_ready = ready.exists() and (ready.parent == folder.instances or holder(folder.lease) == child.pid)
        shown = _pass_on(log_file, shown)
        if is_ready:
            written = json.loads(ready.read_text(encoding="utf-8"))
            return {name: one["url"] if isinstance(one, dict) else one for name, one in written.items()}
        if ended:
            raise CommandFailed(f"`amends up` ended before all was ready; what it said is in {log_file}")
        time.sleep(_POLL_S)


def _pass_on(log_file: Path, shown: int) -> int:
    text = log_file.read_bytes()
    if len(text) > shown:
        say(text[shown:].decode(errors="replace").rstrip())
    return len(text)


def _ask_to_stop(pid: int) -> None:
    if pid:
        os.kill(pid, signal.SIGTERM)


def _wait_ended(pids: list[int]) -> None:
    limit = monotonic_s() + _STOP_WITHIN_S
    while left := [pid for pid in pids if _exists(pid)]:
        if monotonic_s() > limit:
            raise CommandFailed(
                f"still running after {_STOP_WITHIN_S:.0f} s: {left}. Their logs are in the data folder"
            )
        time.sleep(_POLL_S)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
