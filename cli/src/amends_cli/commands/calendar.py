"""`amends calendar import`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from amends.policy.dates import DateTable, TableError, read_table
from amends_cli.commands.options import DEFAULT_DATA, DEFAULT_TENANT, DataOption, JsonOption, TenantOption
from amends_cli.commands.output import result_json, say
from amends_cli.errors import WrongUse
from amends_cli.suite.client import SuiteClient

app = typer.Typer(help="Calendars: holidays, make-up working days, special hours.", no_args_is_help=True)

Notation = Literal["csv", "json", "yaml"]
_NOTATIONS: Final[dict[str, Notation]] = {".csv": "csv", ".json": "json", ".yaml": "yaml", ".yml": "yaml"}

TableFile = Annotated[
    Path, typer.Argument(help="date → closed, working or windows: CSV, JSON or YAML.", metavar="FILE")
]
CalendarOption = Annotated[
    str | None, typer.Option("--calendar", help="Which calendar; default: the one that knows holidays.", metavar="NAME")
]
ConfirmOption = Annotated[
    list[int] | None,
    typer.Option("--confirm", help="A year whose holidays are all known now; repeat for more.", metavar="YEAR"),
]


@app.callback()
def calendars() -> None:
    """Calendars: holidays, make-up working days, special hours."""


@app.command("import")
def import_(
    file: TableFile,
    calendar: CalendarOption = None,
    confirm: ConfirmOption = None,
    tenant: TenantOption = DEFAULT_TENANT,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Lay a table of dates into a tenant's calendar and publish that as its policy's next version.

    A line of CSV: 2027-01-01,closed or 2027-02-06,working or 2027-02-05,08:30-12:00 13:00-15:00. Open tickets keep the
    version they were opened under. A policy published later says again what its own calendars are.

    Example: amends calendar import holidays-2027.csv --confirm 2027
    """
    table = _read(file)
    with SuiteClient.of(data) as client:
        answer = client.post("sla", "/v1/calendars", tenant, body_of(table, calendar, confirm or ())).json()
    if as_json:
        result_json(answer)
        return
    for warning in answer.get("warnings", []):
        say(f"warning: {warning['row']}: {warning['problem']}")
    say(f"{len(table.dates)} date(s) imported; tenant {tenant} follows version {answer.get('version')}")


def body_of(table: DateTable, calendar: str | None, confirm: Sequence[int]) -> dict[str, Any]:
    """Return what is sent: the table, with what the command line says laid over it."""
    body = table.model_dump(mode="json", exclude_none=True)
    body["confirms"] = sorted({*table.confirms, *confirm})
    return body if calendar is None else {**body, "calendar": calendar}


def _read(file: Path) -> DateTable:
    notation = _NOTATIONS.get(file.suffix.lower())
    if notation is None:
        raise WrongUse(f"{file}: a table ends in {', '.join(_NOTATIONS)}")
    try:
        return read_table(file.read_text(encoding="utf-8-sig"), notation)
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file} cannot be read: {error}") from error
    except TableError as error:
        raise WrongUse(f"{file}: {error}") from error
