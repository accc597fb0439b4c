"""`amends policy check|publish`."""

from pathlib import Path
from typing import Annotated

import typer

from amends.clock import real_now
from amends.policy.check import warnings
from amends.policy.load import PolicyError, load
from amends_cli.commands.options import DEFAULT_DATA, DEFAULT_TENANT, DataOption, JsonOption, TenantOption
from amends_cli.commands.output import result, result_json, say
from amends_cli.errors import ANSWER_IS_NO, WrongUse
from amends_cli.suite.client import SuiteClient
from amends_cli.suite.policies import publish as publish_policy

app = typer.Typer(help="Policies: the rules as data.", no_args_is_help=True)

PolicyFile = Annotated[Path, typer.Argument(help="A policy in YAML.", metavar="FILE")]


@app.command("check")
def check(file: PolicyFile, as_json: JsonOption = False) -> None:
    """Say everything that is wrong with a policy, each with its row. Exit 1 when it would be refused.

    Example: amends policy check my-policy.yaml
    """
    text = _read(file)
    try:
        policy = load(text)
    except PolicyError as error:
        if as_json:
            result_json({"accepted": False, "findings": [str(finding) for finding in error.findings]})
        else:
            result("\n".join(str(finding) for finding in error.findings))
        raise typer.Exit(ANSWER_IS_NO) from None
    year = real_now().year
    told = [str(warning) for warning in warnings(policy, (year, year + 1))]
    if as_json:
        result_json({"accepted": True, "warnings": told})
    else:
        say("\n".join([*(f"warning: {warning}" for warning in told), f"{file} may be published"]))


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


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"{file} cannot be read: {error}") from error
