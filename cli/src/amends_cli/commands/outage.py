"""`amends outage declare`."""

from datetime import datetime
from typing import Annotated

import typer

from amends.instants import format_instant, parse_instant
from amends_cli.commands.options import DEFAULT_DATA, DEFAULT_TENANT, DataOption, JsonOption, TenantOption
from amends_cli.commands.output import result_json, say
from amends_cli.errors import WrongUse
from amends_cli.suite.client import SuiteClient

app = typer.Typer(help="Outages: times in which departments could not reply.", no_args_is_help=True)

SinceOption = Annotated[str, typer.Option("--since", help="From when, with its zone.", metavar="TIME")]
UntilOption = Annotated[str, typer.Option("--until", help="Until when; it may lie ahead.", metavar="TIME")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in every move.", metavar="TEXT")]


@app.callback()
def outages() -> None:
    """Outages: times in which departments could not reply."""


@app.command()
def declare(
    since: SinceOption,
    until: UntilOption,
    reason: ReasonOption,
    tenant: TenantOption = DEFAULT_TENANT,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Declare an outage: running clocks that are due in it are due later by what they lost.

    Also those due shortly after it, and those that start later. What was missed already stays missed; its remedy waits
    for approval if intake was away. Declared again or longer, overlaps count once. It cannot be taken back.

    Example: amends outage declare --since 2026-05-13T09:00+08:00 --until 2026-05-13T11:30+08:00 --reason "power cut"
    """
    body = _body(since, until, reason)
    with SuiteClient.of(data) as client:
        answer = client.post("sla", "/v1/outages", tenant, body).json()
    if as_json:
        result_json(answer)
    else:
        say(f"declared for tenant {tenant}: {body['since']} to {body['until']}; the clocks that are due in it follow")


def _body(since: str, until: str, reason: str) -> dict[str, str]:
    """Return what is sent. Raises WrongUse that says everything that is wrong."""
    wrong: list[str] = []
    start, end = _instant("--since", since, wrong), _instant("--until", until, wrong)
    if start is not None and end is not None and end <= start:
        wrong.append("--until is not later than --since")
    if not reason.strip():
        wrong.append("--reason says nothing")
    if start is None or end is None or wrong:
        raise WrongUse("; ".join(wrong))
    return {"since": format_instant(start), "until": format_instant(end), "reason": reason.strip()}


def _instant(option: str, value: str, wrong: list[str]) -> datetime | None:
    try:
        return parse_instant(value)
    except (ValueError, OverflowError) as error:
        wrong.append(f"{option}: {error}")
        return None
