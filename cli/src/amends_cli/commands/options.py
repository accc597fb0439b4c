"""Options that several commands share, with the words that explain them."""

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[Path, typer.Option("--data", help="The suite's data folder.", metavar="DIR")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose data.", metavar="T")]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]

DEFAULT_DATA = Path(".amends")
DEFAULT_TENANT = "demo"
