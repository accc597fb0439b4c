"""`amends policy check|diff|publish`."""

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from amends.clock import real_now
from amends.policy.difference import FieldChange, RowChange, difference
from amends.policy.load import PolicyError, load
from amends.policy.model import Policy
from amends.policy.packs import PACKS, pack_text
from amends.policy.verdict import judge
from amends_cli.commands.options import DEFAULT_DATA, DEFAULT_TENANT, DataOption, JsonOption, TenantOption
from amends_cli.commands.output import result, result_json, say
from amends_cli.errors import ANSWER_IS_NO, WrongUse
from amends_cli.suite.client import SuiteClient
from amends_cli.suite.policies import publish as publish_policy

app = typer.Typer(help="Policies: the rules as data.", no_args_is_help=True)

_NAMED: Final = f"or the name of a pack: {', '.join(PACKS)}"
PolicyFile = Annotated[str, typer.Argument(help=f"A policy in YAML, {_NAMED}.", metavar="FILE")]
Before = Annotated[str, typer.Argument(help=f"The policy as it was: YAML, {_NAMED}.", metavar="A")]
After = Annotated[str, typer.Argument(help="The policy as it would be.", metavar="B")]


@app.command("check")
def check(file: PolicyFile, as_json: JsonOption = False) -> None:
    """Say everything that is wrong with a policy, each with its row. Exit 1 when it would be refused.

    Example: amends policy check my-policy.yaml
    """
    verdict = judge(_read(file), real_now().year)
    if as_json:
        result_json(verdict.shown())
    elif verdict.accepted:
        say("\n".join([*(f"warning: {warning}" for warning in verdict.warnings), f"{file} may be published"]))
    else:
        result("\n".join(str(finding) for finding in verdict.findings))
    if not verdict.accepted:
        raise typer.Exit(ANSWER_IS_NO)


@app.command("diff")
def diff(before: Before, after: After, as_json: JsonOption = False) -> None:
    """Say which rows differ between two policies: + added, - removed, ~ changed. Exit 0 when none does, else 1.

    Example: amends policy diff default my-policy.yaml
    """
    changes = difference(_accepted(before), _accepted(after))
    if as_json:
        result_json({"same": not changes, "changes": [change.shown() for change in changes]})
    elif changes:
        result("\n".join(line for change in changes for line in _told(change)))
    else:
        say(f"{before} and {after} say the same")
    if changes:
        raise typer.Exit(ANSWER_IS_NO)


@app.command("publish")
def publish(
    file: PolicyFile,
    tenant: TenantOption = DEFAULT_TENANT,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Publish a policy for a tenant. Tickets opened from now on follow it; open ones keep theirs.

    Example: amends policy publish my-policy.yaml --tenant demo
    """
    text = _read(file)
    with SuiteClient.of(data) as client:
        answer = publish_policy(client, tenant, text)
    if as_json:
        result_json(answer)
    else:
        say(f"tenant {tenant} follows version {answer.get('version')}")


_SIGNS: Final = {"added": "+", "removed": "-", "changed": "~"}


_FIELDS_MAX: Final = 30
_VALUES_MAX: Final = 12
"""What people still read of one row and one list; `--json` leaves nothing out."""


def _told(change: RowChange) -> list[str]:
    lines = [f"    {_field(change, field)}" for field in change.fields]
    if len(lines) > _FIELDS_MAX:
        lines = [*lines[:_FIELDS_MAX], f"    … and {len(lines) - _FIELDS_MAX} more fields: --json shows them"]
    return [f"{_SIGNS[change.kind]} {change.row}", *lines]


def _field(change: RowChange, field: FieldChange) -> str:
    if change.kind == "changed":
        return f"{field.field}: {_value(field.before)} → {_value(field.after)}"
    return f"{field.field}: {_value(field.after if change.kind == 'added' else field.before)}"


def _value(value: Any) -> str:
    if value is None:
        return "(nothing)"
    if isinstance(value, list) and len(value) > _VALUES_MAX:
        return f"{len(value)} values, {value[0]} to {value[-1]}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _accepted(file: str) -> Policy:
    """Return the policy. Raises WrongUse for one that would be refused: what it promises cannot be told."""
    try:
        return load(_read(file))
    except PolicyError as error:
        raise WrongUse(f"{file} would be refused; `amends policy check` says why:\n{error}") from error


def _read(file: str) -> str:
    """Return the text of a file, or of the pack of that name when there is no such file."""
    path = Path(file)
    if file in PACKS and not path.exists():
        return pack_text(file)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file} cannot be read: {error}") from error
