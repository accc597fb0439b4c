"""What `amends demo` shows: a live table in a terminal, plain lines elsewhere, and the verdict at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from amends_cli.demo.glance import glance, yuan
from amends_cli.demo.model import Case
from amends_cli.demo.session import Progress, Result

_ZONE = ZoneInfo("Asia/Shanghai")


class Show(Protocol):
    """Shows how things stand."""

    def __call__(self, progress: Progress) -> None: ...


@contextmanager
def showing(console: Console) -> Iterator[Show]:
    """Give what shows a scenario's progress on this console for as long as it plays."""
    if not console.is_terminal:
        yield Lines(console)
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop", transient=True) as live:
        yield lambda progress: live.update(_view(progress), refresh=True)


class Lines:
    """Says each change once, as a line: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, tuple[str, str, str]] = {}

    def __call__(self, progress: Progress) -> None:
        for one in progress.cases:
            now = glance(one.played.story, progress.anchor.now())
            news = (now.status, now.breaches, now.remedies)
            key = one.played.case.key
            if news != self._said.get(key) and any(news):
                self._said[key] = news
                said = "; ".join(part for part in (news[0], news[1] and f"missed: {news[1]}", news[2]) if part)
                self._console.print(f"{progress.seconds:5.1f} s  {key:<12} {said}", markup=False, highlight=False)


def _view(progress: Progress) -> Group:
    now = progress.anchor.now()
    done = sum(not one.differences for one in progress.cases)
    local = now.astimezone(_ZONE)
    head = Text(f"{local:%A %H:%M} in Shanghai, one day every {86400 / progress.anchor.scale:.0f} s", style="bold")
    head.append(f"   {progress.seconds:.0f} s   {done} of {len(progress.cases)} as promised")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("ticket", "status", "next deadline", "missed", "remedies", ""):
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    for one in progress.cases:
        row = glance(one.played.story, now)
        mark = Text("✓", style="green") if not one.differences else Text("…", style="dim")
        missed = Text(row.breaches, style="red")
        table.add_row(one.played.case.key, row.status, row.deadline, missed, Text(row.remedies, style="cyan"), mark)
    return Group(head, table)


def verdict(result: Result, console: Console) -> None:
    """Print every ticket with a tick or a cross, what differs, and one sentence that says it all."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "rule", "ticket", "what must come of it"):
        table.add_column(column, overflow="fold")
    for one in result.cases:
        mark = Text("✗", style="bold red") if one.differences else Text("✓", style="green")
        case = one.played.case
        table.add_row(mark, case.rule, case.title, promised(case))
    console.print(table)
    for said in result.differences:
        console.print(f"✗ {said}", style="red", markup=False, highlight=False, soft_wrap=True)
    console.print(conclusion(result), style="bold red" if result.differences else "bold green", highlight=False)


def promised(case: Case) -> str:
    """Say in words what a case expects."""
    expected = case.expected
    parts = [f"{yuan(remedy.amount)}: {remedy.because}" for remedy in expected.remedies]
    if expected.warnings:
        parts.append("the team leader is warned")
    if expected.escalations:
        parts.append("escalated to " + ", then ".join(name.replace("_", " ") for name in expected.escalations))
    if expected.penalty is not None:
        parts.append(f"penalty {yuan(expected.penalty)}")
    return "; ".join(parts) or "no money moves"


def conclusion(result: Result) -> str:
    """Return the last sentence."""
    tickets, remedies = len(result.cases), sum(len(one.played.case.expected.remedies) for one in result.cases)
    if not result.differences:
        total = sum(remedy.amount for one in result.cases for remedy in one.played.case.expected.remedies)
        return (
            f"Every outcome is as the rulebook says: {tickets} tickets, {remedies} remedies of {yuan(total)} together, each "
            f"once; the ledger sums to zero, and the storefront's says the same. {result.seconds:.0f} s."
        )
    wrong = sum(bool(one.differences) for one in result.cases)
    books = "the ledgers differ" if result.books else "the ledgers agree"
    return f"{wrong} of {tickets} tickets differ from the rulebook, in {len(result.differences)} points; {books}."
