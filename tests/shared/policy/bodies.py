"""The default policy as a mapping that a test may break."""

from typing import Any

from amends.policy.load import PolicyError, default_text, load
from amends.policy.text import read_yaml


def default_raw() -> dict[str, Any]:
    """Return a fresh copy of the default policy, as written."""
    return read_yaml(default_text())


def clock_row(raw: dict[str, Any], rule: str, clock: str) -> dict[str, Any]:
    """Return the row, to be changed in place."""
    found: dict[str, Any] = next(row for row in raw["clocks"] if (row["id"], row["clock"]) == (rule, clock))
    return found


def without(raw: dict[str, Any], rule: str, clock: str) -> dict[str, Any]:
    """Return the policy without this row."""
    raw["clocks"] = [row for row in raw["clocks"] if (row["id"], row["clock"]) != (rule, clock)]
    return raw


def findings(raw: dict[str, Any] | str) -> list[str]:
    """Return what loading it says, one line per finding; nothing when it is accepted."""
    try:
        load(raw)
    except PolicyError as error:
        return str(error).splitlines()
    return []
