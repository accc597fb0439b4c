"""`amends payouts`."""

from typing import Annotated

import typer

from amends_cli.commands.options import DEFAULT_DATA, DEFAULT_TENANT, DataOption, JsonOption, TenantOption
from amends_cli.commands.output import result_json, say
from amends_cli.errors import WrongUse
from amends_cli.suite.client import SuiteClient

MODES = ("shadow", "approve", "automatic")


def payouts(
    mode: Annotated[str | None, typer.Argument(help=f"{', '.join(MODES)}; without it: show.", metavar="[MODE]")] = None,
    tenant: TenantOption = DEFAULT_TENANT,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Show or set how a tenant's remedies are paid: shadow (nothing is), approve (a person says yes), automatic.

    `amends payouts shadow` stops all payouts at once; what is decided meanwhile is recorded.

    Example: amends payouts shadow --tenant demo
    """
    if mode is not None and mode not in MODES:
        raise WrongUse(f"a mode is one of {', '.join(MODES)}; not {mode}")
    with SuiteClient.of(data) as client:
        if mode is None:
            answer = client.get("compensation", "/v1/payouts", tenant).json()
        else:
            answer = client.put("compensation", "/v1/payouts", tenant, {"mode": mode}).json()
    if as_json:
        result_json(answer)
    else:
        say(f"payouts of tenant {tenant}: {answer.get('mode', mode)}")
