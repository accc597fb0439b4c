"""Values by key: those used last in memory, the others in a temporary file, so that memory stays bounded."""

import pickle
import sqlite3
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Shelf(Generic[Value]):
    """A mapping that keeps at most `in_memory_max` values in memory. The file goes away with it.

    A value that is changed must be put back: what lies in the file is a copy.
    """

    def __init__(self, in_memory_max: int) -> None:
        self._in_memory_max = in_memory_max
        self._near: OrderedDict[str, Value] = OrderedDict()
        self._far: sqlite3.Connection | None = None

    def put(self, key: str, value: Value) -> None:
        """Keep a value under its key."""
        self._near[key] = value
        self._near.move_to_end(key)
        if len(self._near) > self._in_memory_max:
            self._set_aside(*self._near.popitem(last=False))

    def take(self, key: str) -> Value | None:
        """Take a value out; None when there is none."""
        found = self._near.pop(key, None)
        if found is not None or self._far is None:
            return found
        row = self._far.execute("DELETE FROM kept WHERE key = ? RETURNING value", (key,)).fetchone()
        value: Value | None = pickle.loads(row[0]) if row else None  # noqa: S301 - our own file, never another's
        return value

    def _set_aside(self, key: str, value: Value) -> None:
        if self._far is None:
            self._far = sqlite3.connect("", isolation_level=None)  # a private file of its own, deleted when closed
            self._far.execute("PRAGMA journal_mode = OFF")
            self._far.execute("CREATE TABLE kept (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")
        written = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        self._far.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, written))
