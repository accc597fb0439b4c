"""The catalogues that word explanations, one of each language: data files, read once (DESIGN 16)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from amends.policy.text import read_yaml

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence in no language yet: its key in the catalogues, and its values."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


def said(key: str, /, **values: Any) -> Said:
    """Return a sentence of the catalogues."""
    return Said(key, values)


class Catalogue(BaseModel):
    """One language. `words`: how the values of a name are called; a value that is not listed stands for itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Mapping[str, Mapping[str, str]]
    sentences: Mapping[str, str]

    def sentence(self, told: Said, zone: ZoneInfo) -> str:
        """Return a sentence with its values put in; instants by the wall clock of `zone`.

        Raises:
            KeyError: the catalogue lacks the sentence, or the sentence asks for a value that it is not given: a defect.
        """
        values = {name: self._value(name, value, zone) for name, value in told.values.items()}
        return self.sentences[told.key].format_map(values)

    def _value(self, name: str, value: Any, zone: ZoneInfo) -> str:
        if isinstance(value, datetime):
            local = value.astimezone(zone)
            return f"{local:%Y-%m-%d %H:%M:%S}" + (f".{local.microsecond:06d}" if local.microsecond else "")
        return self.words.get(name, {}).get(str(value), str(value))


@cache
def catalogue(language: Language) -> Catalogue:
    """Return the catalogue of a language."""
    text = files("sla_svc.decisions").joinpath("catalogues", f"{language}.yaml").read_text(encoding="utf-8")
    return Catalogue.model_validate(read_yaml(text))


def worded(sentences: list[Said], timezone: str) -> dict[str, list[str]]:
    """Return the sentences in every language."""
    zone = ZoneInfo(timezone)
    return {language: [catalogue(language).sentence(told, zone) for told in sentences] for language in LANGUAGES}
