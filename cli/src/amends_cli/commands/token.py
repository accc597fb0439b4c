"""`amends token`."""

from typing import Annotated

import typer

from amends.roles import ROLES
from amends_cli.commands.options import DEFAULT_DATA, DEFAULT_TENANT, DataOption, TenantOption
from amends_cli.commands.output import result
from amends_cli.errors import WrongUse
from amends_cli.suite.client import SuiteClient


def token(
    role: Annotated[
        str, typer.Option(help="storefront, specialist, team_leader, manager, department, …", metavar="ROLE")
    ],
    tenant: TenantOption = DEFAULT_TENANT,
    subject: Annotated[
        str | None, typer.Option(help="Who bears it: a person, a department, a merchant.", metavar="S")
    ] = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Write a bearer token of the demo issuer, valid for an hour. Demo and test only.

    Example: curl -H "Authorization: Bearer $(amends token --role specialist)" …
    """
    if role not in ROLES:
        raise WrongUse(f"--role takes {', '.join(ROLES)}; not {role}")
    with SuiteClient.of(data) as client:
        result(client.token(role, tenant, subject))
