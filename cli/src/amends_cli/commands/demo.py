"""`amends demo`: the door; what it does is in `amends_cli.demo`."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from amends_cli.errors import CommandFailed
from amends_cli.suite.settle import Asked, check


def demo(
    bus: Annotated[str, typer.Option(help="Which bus: embedded or kafka.", metavar="BUS")] = "embedded",
    data: Annotated[
        Path | None, typer.Option("--data", help="Keep the data in this new folder.", metavar="DIR")
    ] = None,
) -> None:
    """Watch the main job: tickets whose deadlines are missed become vouchers and refunds, in a minute and a half.

    At the end every outcome is checked against the rulebook, and our ledger against the storefront's. Exit 1 when
    anything differs.

    Example: amends demo --bus kafka
    """
    check(Asked(bus=bus))
    try:
        module = import_module("amends_cli.demo.main")
    except ModuleNotFoundError as error:
        raise CommandFailed(f"the demo is not part of this installation: {error}") from error
    raise typer.Exit(int(module.run(bus=bus, data=data)))
