"""The catalogues that word what decisions say, one of each language: data files, read once (DESIGN 16)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from amends.currency import in_major_units
from amends.instants import parse_instant
from amends.policy.text import read_yaml
from compensation_svc.decisions.sentences import Said

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

_MONEY: Final = frozenset({"amount", "paid", "left", "limit", "promised", "at_least", "at_most"})
_INSTANTS: Final = frozenset({"at", "due_at"})


class Catalogue(BaseModel):
    """One language. `words`: how the values of a name are called; a value that is not listed stands for itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    list_separator: str
    money: str
    words: Mapping[str, Mapping[str, str]]
    sentences: Mapping[str, str]

    def sentence(self, said: Said, zone: ZoneInfo) -> str:
        """Return a sentence with its values put in; instants by the wall clock of `zone`.

        Raises:
            KeyError: the catalogue lacks the sentence or the sentence lacks a value: a defect.
        """
        values = {name: self._value(name, value, said.values, zone) for name, value in said.values.items()}
        return self.sentences[said.key].format_map(values)

    def _value(self, name: str, value: Any, values: Mapping[str, Any], zone: ZoneInfo) -> str:
        if name in _MONEY and isinstance(value, int):
            currency = str(values.get("currency", ""))
            return self.money.format(currency=currency, number=in_major_units(value, currency))
        if name in _INSTANTS:
            return f"{parse_instant(str(value)).astimezone(zone):%Y-%m-%d %H:%M:%S}"
        words = self.words.get(name, {})
        if isinstance(value, list):
            return self.list_separator.join(words.get(one, str(one)) for one in value)
        return words.get(str(value), str(value))


@cache
def catalogue(language: Language) -> Catalogue:
    """Return the catalogue of a language."""
    text = files("compensation_svc.decisions").joinpath("catalogues", f"{language}.yaml").read_text(encoding="utf-8")
    return Catalogue.model_validate(read_yaml(text))
