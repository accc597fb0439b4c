"""The catalogues that word what decisions say, one of each language: data files, read once (DESIGN 16)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from amends.instants import parse_instant
from amends.policy.text import read_yaml
from compensation_svc.decisions.sentences import Said

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

_MONEY: Final = frozenset({"amount", "paid", "left", "limit", "promised", "at_least", "at_most"})
_INSTANTS: Final = frozenset({"at", "due_at"})
_MINOR_DIGITS: Final = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}
"""ISO 4217, list one: the currencies whose minor unit is not a hundredth."""


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
            return self._amount(value, str(values.get("currency", "")))
        if name in _INSTANTS:
            return f"{parse_instant(str(value)).astimezone(zone):%Y-%m-%d %H:%M:%S}"
        words = self.words.get(name, {})
        if isinstance(value, list):
            return self.list_separator.join(words.get(one, str(one)) for one in value)
        return words.get(str(value), str(value))

    def _amount(self, amount: int, currency: str) -> str:
        digits = _MINOR_DIGITS.get(currency, 2)
        whole, rest = divmod(amount, 10**digits)
        number = f"{whole:,}" + (f".{rest:0{digits}d}" if digits else "")
        return self.money.format(currency=currency, number=number)


@cache
def catalogue(language: Language) -> Catalogue:
    """Return the catalogue of a language."""
    text = files("compensation_svc.decisions").joinpath("catalogues", f"{language}.yaml").read_text(encoding="utf-8")
    return Catalogue.model_validate(read_yaml(text))
