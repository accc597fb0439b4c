"""The command `amends`."""

import sys
from collections.abc import Sequence

import typer

from amends_cli.commands import calendar, dlq, policy, topics
from amends_cli.commands.demo import demo
from amends_cli.commands.output import say
from amends_cli.commands.payouts import payouts
from amends_cli.commands.simulate import simulate
from amends_cli.commands.token import token
from amends_cli.commands.up import down, up
from amends_cli.errors import ANSWER_IS_NO, CommandFailed
from amends_cli.local.process import ServerFailed

app = typer.Typer(
    help="Amends: after-sales promises, kept. Exit codes: 0 done, 1 the answer is no, 2 wrong use or input.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(up)
app.command()(down)
app.command()(token)
app.command()(payouts)
app.command()(demo)
app.command()(simulate)
app.add_typer(topics.app, name="topics")
app.add_typer(policy.app, name="policy")
app.add_typer(calendar.app, name="calendar")
app.add_typer(dlq.app, name="dlq")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command of these arguments (default: this process's) and exit with its code."""
    try:
        app(arguments)
    except CommandFailed as error:
        say(f"amends: {error}")
        sys.exit(error.exit_code)
    except (ServerFailed, FileNotFoundError, LookupError) as error:
        say(f"amends: {error}")
        sys.exit(ANSWER_IS_NO)
