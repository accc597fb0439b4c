"""`amends simulate`: the door; what it does is in `amends_cli.simulate`."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer


def simulate(
    file: Annotated[str, typer.Argument(help="CloudEvents, one JSON object a line; - reads stdin.")] = "-",
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy in YAML, in place of the default.", metavar="FILE")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", help="Run up to and including this instant (RFC 3339).", metavar="TIME"),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="jsonl for programs, table for people.", metavar="FORMAT")
    ] = "jsonl",
    output: Annotated[
        Path | None, typer.Option("--output", help="Write here in place of stdout; no file is left when it fails.")
    ] = None,
    sort: Annotated[bool, typer.Option("--sort", help="Put the input in order of time first.")] = False,
) -> None:
    """Run the live services' decisions over a stream of events, on virtual time.

    Reads what people and storefronts did (amends.ticket.*, answers of customers, approvals); writes every event that
    sla, compensation and notify would publish, in order of time. The same input gives the same bytes. Exit 2 when a
    line cannot be read: stderr names it and its field.

    Example: amends simulate docs/examples/short_shipment_silent.input.jsonl --until 2026-05-14T00:00:00Z --format table
    """
    # Reading the services' decisions takes a moment, which the other commands need not wait for.
    module = import_module("amends_cli.simulate.main")
    module.run(module.Asked(file=file, policy=policy, until=until, form=form, output=output, sort=sort))
