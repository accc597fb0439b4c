"""What commands write: results on stdout, everything else on stderr."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

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
    """Write a result as a table: for every row, what it has for these columns."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if row.get(column) is None else str(row[column]) for column in columns))
    _results.print(table)
