"""The worked examples of docs/examples, with the command that its README says for each."""

import re
import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from amends.instants import parse_instant

FOLDER = Path(__file__).parents[2] / "docs" / "examples"
_COMMAND = re.compile(r"^\| (?P<words>.+?) \| `amends simulate (?P<command>[^`]+)` \|$", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    name: str
    words: str
    options: tuple[str, ...]

    @property
    def input(self) -> Path:
        return FOLDER / f"{self.name}.input.jsonl"

    @property
    def expected(self) -> Path:
        return FOLDER / f"{self.name}.expected.jsonl"

    @property
    def until(self) -> datetime | None:
        if "--until" not in self.options:
            return None
        return parse_instant(self.options[self.options.index("--until") + 1])


def examples() -> list[Example]:
    found = []
    for row in _COMMAND.finditer((FOLDER / "README.md").read_text(encoding="utf-8")):
        file, *options = shlex.split(row["command"])
        found.append(Example(file.removesuffix(".input.jsonl"), row["words"], tuple(options)))
    return found
