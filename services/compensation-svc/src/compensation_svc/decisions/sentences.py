"""What a decision says of itself: a key and its values, worded by a catalogue of each language (DESIGN 16). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AS_WRITTEN = "as_written"
"""The key of a sentence that an older version wrote down in English."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence, in no language yet. `values` are JSON values; money in minor units of `values["currency"]`."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def written(self) -> list[Any]:
        """Return it as it is stored."""
        return [self.key, dict(self.values)]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a remedy is not simply paid in full now: the `text` of the event, and the same for people to read."""

    text: str
    said: Said


def said(key: str, /, **values: Any) -> Said:
    """Return a sentence of the catalogues."""
    return Said(key, values)


def read_said(written: Any) -> Said:
    """Return what `Said.written` wrote."""
    return said(AS_WRITTEN, text=written) if isinstance(written, str) else Said(written[0], written[1])
