"""The command `amends`."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import typer

from amends_cli.commands.output import say
from amends_cli.errors import ANSWER_IS_NO, CommandFailed
from amends_cli.local.process import ServerFailed

COMMANDS: Final = (
    "up",
    "down",
    "token",
    "payouts",
    "demo",
    "simulate",
    "topics",
    "policy",
    "calendar",
    "outage",
    "dlq",
)
"""In the order of the help. Each is a function, or for a group its `app`, in the module of its name."""
_ELSEWHERE: Final = {"down": "up"}


def command_line(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """Return the command line with these commands; only what they stand on is imported."""
    app = typer.Typer(
        help="Amends: after-sales promises, kept. Exit codes: 0 done, 1 the answer is no, 2 wrong use or input.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_nothing)
    for name in names:
        module = import_module(f"amends_cli.commands.{_ELSEWHERE.get(name, name)}")
        group = getattr(module, "app", None)
        if group is None:
            app.command(name)(getattr(module, name))
        else:
            app.add_typer(group, name=name)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command of these arguments (default: this process's) and exit with its code."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    known = [word for word in words[:1] if word in COMMANDS]
    try:
        command_line(known or COMMANDS)(words)
    except CommandFailed as error:
        say(f"amends: {error}")
        sys.exit(error.exit_code)
    except (ServerFailed, FileNotFoundError, LookupError) as error:
        say(f"amends: {error}")
        sys.exit(ANSWER_IS_NO)


def _nothing() -> None:
    """Have a command line with one command still take its name."""
