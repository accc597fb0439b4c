"""`amends dlq list|show|redrive`: events that a service could not apply."""

from typing import Annotated, Any

import typer

from amends_cli.commands.options import DEFAULT_DATA, DEFAULT_TENANT, DataOption, JsonOption, TenantOption
from amends_cli.commands.output import result_json, result_table, say
from amends_cli.errors import CommandFailed, WrongUse
from amends_cli.suite.client import SuiteClient
from amends_cli.suite.folder import SERVICES

app = typer.Typer(help="Events that a service could not apply; each parked its ticket.", no_args_is_help=True)

ServiceOption = Annotated[str | None, typer.Option("--service", help="Only this service's.", metavar="SERVICE")]
LetterId = Annotated[str, typer.Argument(help="The dead letter, as `amends dlq list` names it.", metavar="ID")]


@app.command("list")
def list_(
    service: ServiceOption = None,
    tenant: TenantOption = DEFAULT_TENANT,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """List dead letters, the newest first.

    Example: amends dlq list --service sla
    """
    services = _services(service)
    with SuiteClient.of(data) as client:
        letters = _letters(client, tenant, services)
    if as_json:
        result_json(letters)
    elif letters:
        result_table(("service", "id", "at", "ticket_id", "cause", "redriven_at"), letters)
    else:
        say("no dead letters")


@app.command("show")
def show(letter: LetterId, tenant: TenantOption = DEFAULT_TENANT, data: DataOption = DEFAULT_DATA) -> None:
    """Show everything about one dead letter, as JSON.

    Example: amends dlq show 0199aa77-5f0e-7c3a-9e1b-1f2d3c4b5a69
    """
    with SuiteClient.of(data) as client:
        result_json(_find(client, tenant, letter))


@app.command("redrive")
def redrive(letter: LetterId, tenant: TenantOption = DEFAULT_TENANT, data: DataOption = DEFAULT_DATA) -> None:
    """Apply a dead letter again, and what queued behind it. Exit 1 when it still cannot be applied.

    Example: amends dlq redrive 0199aa77-5f0e-7c3a-9e1b-1f2d3c4b5a69
    """
    with SuiteClient.of(data) as client:
        service = _find(client, tenant, letter)["service"]
        answer = client.post(service, f"/v1/dlq/{letter}/redrive", tenant, {}).json()
    say(f"{service} applied {answer.get('applied')} event(s)")


def _services(service: str | None) -> tuple[str, ...]:
    if service is not None and service not in SERVICES:
        raise WrongUse(f"--service takes {', '.join(SERVICES)}; not {service}")
    return SERVICES if service is None else (service,)


def _letters(client: SuiteClient, tenant: str, services: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"service": service, **letter}
        for service in services
        for letter in client.get(service, "/v1/dlq?limit=1000", tenant).json()["items"]
    ]


def _find(client: SuiteClient, tenant: str, letter: str) -> dict[str, Any]:
    for found in _letters(client, tenant, SERVICES):
        if str(found["id"]) == letter:
            return found
    raise CommandFailed(f"no service has a dead letter {letter} for tenant {tenant}: `amends dlq list` shows them")
