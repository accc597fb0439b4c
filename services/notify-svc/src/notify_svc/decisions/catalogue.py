"""The words, as data: one catalogue per language, with its version, author and review date (RULEBOOK N4, O). Pure.

A message is one whole text with named places, never pieces put together. An entry's texts are tried in order; the first
whose conditions hold and whose places can all be filled is taken.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from string import Formatter
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from amends.policy.text import read_yaml
from amends.policy.values import Many

LANGUAGES: Final = ("zh", "en")
PLACES: Final = frozenset(
    {"name", "ticket_no", "department", "brand", "clock", "due_at", "reply_due_at", "remedy", "amount", "survey_link"}
)
"""What a text may name. Those that end in `_at` are dates; `survey_link` makes the message a survey."""
DATES: Final = frozenset(place for place in PLACES if place.endswith("_at"))
SURVEY_LINK: Final = "survey_link"

_IDENTIFIER: Final = re.compile(r"[a-z_]+")


def places(text: str) -> frozenset[str]:
    """Return the places that a text names.

    Raises:
        ValueError: braces that don't close, or a place with an attribute, an index or a format.
    """
    found = set()
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if spec or conversion or not _IDENTIFIER.fullmatch(name):
            raise ValueError(f"{{{name}}} is no plain place; these are known: {', '.join(sorted(PLACES))}")
        found.add(name)
    return frozenset(found)


def _known_places(text: str) -> str:
    if unknown := places(text) - PLACES:
        raise ValueError(f"{', '.join(sorted(unknown))}: no such place; these are known: {', '.join(sorted(PLACES))}")
    return text


Words = Annotated[str, Field(min_length=1, max_length=4_000), AfterValidator(_known_places)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Variant(_Part):
    """One text of an entry. `when`: values that the message must have, one of each list."""

    when: dict[str, Many[str]] = Field(default_factory=dict)
    text: Words

    def fits(self, values: Mapping[str, Any]) -> bool:
        """Say whether its conditions hold and its places can be filled."""
        holds = all(values.get(name) in wanted for name, wanted in self.when.items())
        return holds and places(self.text) <= values.keys()


class Entry(_Part):
    """A template in one language: the subject of a mail, and its texts."""

    subject: Words
    texts: tuple[Variant, ...] = Field(min_length=1)

    @cached_property
    def is_survey(self) -> bool:
        """Say whether it asks for a rating: it has a place for the link."""
        return any(SURVEY_LINK in places(variant.text) for variant in self.texts)

    def written(self) -> Iterator[str]:
        """Return all that somebody may read."""
        yield self.subject
        yield from (variant.text for variant in self.texts)


class Catalogue(_Part):
    """All words of one language. `forbidden`: never; `vague`: only beside a date (O1, O5)."""

    language: str
    version: int
    author: str
    review_date: date
    forbidden: tuple[str, ...]
    vague: tuple[str, ...]
    apology: tuple[str, ...]
    months: tuple[str, ...] = ()
    instant: str
    money: str
    currencies: dict[str, str] = Field(default_factory=dict)
    names: dict[str, str]
    terms: dict[str, dict[str, str]]
    templates: dict[str, Entry]


@cache
def catalogue(language: str) -> Catalogue:
    """Return the catalogue that comes with this version.

    Raises:
        KeyError: no such language.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    text = files("notify_svc.decisions").joinpath("templates", f"{language}.yaml").read_text(encoding="utf-8")
    return Catalogue.model_validate(read_yaml(text))


def language_of(wanted: str | None, otherwise: str) -> str:
    """Return the language that we have for a tag like `zh-CN` or `EN_us`, else the other one."""
    primary = re.split(r"[-_]", wanted.lower())[0] if wanted else ""
    return primary if primary in LANGUAGES else otherwise


def wording_problems(entry: Entry, words: Catalogue) -> list[str]:
    """Return what RULEBOOK O forbids in an entry: rules cited, shirking (O1), vague words without a date (O5)."""
    problems = []
    for text in entry.written():
        problems += [f"never say {word!r} (O1)" for word in words.forbidden if _says(text, word)]
        if not places(text) & DATES:
            problems += [f"{word!r} needs a date beside it (O5)" for word in words.vague if _says(text, word)]
    return problems


def _says(text: str, word: str) -> bool:
    """Latin words count whole: `soon` is not in `sooner`; Chinese has no spaces to tell."""
    if word.isascii():
        return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None
    return word in text
