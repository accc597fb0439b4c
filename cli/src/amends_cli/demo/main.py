"""`amends demo`, from an empty folder to the verdict."""

import asyncio
import json
from pathlib import Path

from rich.console import Console

from amends.events.codec import event_to_json
from amends_cli.demo.calls import NoAnswer, Refused
from amends_cli.demo.scenario import SCENARIO
from amends_cli.demo.session import Result, run_scenario
from amends_cli.demo.suite import RunningSuite, fresh_folder, running
from amends_cli.demo.table import showing, verdict
from amends_cli.errors import ANSWER_IS_NO, DONE, CommandFailed

EVENTS_FILE = "events.jsonl"


def run(bus: str, data: Path | None, console: Console | None = None) -> int:
    """Start a fresh suite, play the scenario, say what came of it, stop the suite. Returns the exit code.

    Raises:
        CommandFailed: the suite does not start, or does not answer.
    """
    console = console or Console()
    folder = fresh_folder(data)

    def say(text: str) -> None:
        console.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)

    try:
        with running(folder, bus, say) as suite:
            console.print(f"{len(SCENARIO)} tickets; every outcome is checked against the rulebook", highlight=False)
            result = asyncio.run(_play(suite, console))
            write_events(result, folder.path / EVENTS_FILE)
            verdict(result, console)
    except (NoAnswer, Refused) as error:
        raise CommandFailed(f"the demo could not be reckoned up: {error}. Logs: {folder.logs}") from error
    finally:
        events = folder.path / EVENTS_FILE
        places = [f"data: {folder.path}", *([f"events: {events}"] if events.exists() else []), f"logs: {folder.logs}"]
        console.print("   ".join(places), markup=False, highlight=False, soft_wrap=True)
    return ANSWER_IS_NO if result.differences else DONE


def write_events(result: Result, file: Path) -> None:
    """Write everything that was published about the scenario's tickets, ticket by ticket: one CloudEvent a line."""
    told = (event for one in result.cases for event, _ in one.played.story.told)
    file.write_text("".join(f"{json.dumps(event_to_json(event), ensure_ascii=False)}\n" for event in told), "utf-8")


async def _play(suite: RunningSuite, console: Console) -> Result:
    with showing(console) as show:
        return await run_scenario(suite.endpoints, suite.secret, suite.anchor, on_progress=show)
