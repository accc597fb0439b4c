"""What commands write: results on stdout, everything else on stderr."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

_results = Console(soft_wrap=True, highlight=False)
_notes = Console(stderr=True, soft_wrap=True, highlight=False)


def say(text: str) -> None:
    """Tell a person what happens."""
    _notes.print(text, markup=False)


def result(text: str) -> None:
    """Write a result."""
    _results.print(text, markup=False)


def result_json(value: Any) -> None:
    """Write a result for a program."""
    _results.out(json.dumps(value, ensure_ascii=False, indent=2), highlight=False)


def result_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a result as aligned columns. Nothing is cut to the terminal's width: ids are there to be copied."""
    cells = [list(columns), *([_cell(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        result("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())
