"""Values into words: amounts in the reader's way, instants in the tenant's zone. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from amends.currency import in_major_units
from amends.instants import parse_instant
from notify_svc.decisions.catalogue import DATES, Catalogue, Entry


class NoText(LookupError):  # noqa: N818 - named after what is missing
    """No text of the template can be filled with this message's values."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is read: a mail's subject, and the text."""

    subject: str
    text: str


def render(entry: Entry, words: Catalogue, values: Mapping[str, Any], zone: ZoneInfo) -> Rendered:
    """Return the message in words.

    Raises:
        NoText: no text's conditions hold, or the chosen words lack a value.
    """
    variant = next((v for v in entry.texts if v.fits(values)), None)
    if variant is None:
        raise NoText(f"no text fits these values: {', '.join(sorted(values))}")
    written = {name: _written(name, value, words, values, zone) for name, value in values.items()}
    try:
        return Rendered(entry.subject.format_map(written), variant.text.format_map(written))
    except KeyError as error:
        raise NoText(f"the subject needs {error}") from error


def _written(name: str, value: Any, words: Catalogue, values: Mapping[str, Any], zone: ZoneInfo) -> str:
    if name in DATES:
        return write_instant(parse_instant(value), words, zone)
    if name == "amount":
        return write_money(value, values["currency"], words)
    return words.terms.get(name, {}).get(str(value), str(value))


def write_instant(at: datetime, words: Catalogue, zone: ZoneInfo) -> str:
    """Write an instant as the tenant's wall clock shows it, to the minute."""
    local = at.astimezone(zone)
    month_name = words.months[local.month - 1] if words.months else str(local.month)
    return words.instant.format(
        year=local.year,
        month=local.month,
        month_name=month_name,
        day=local.day,
        hour=f"{local.hour:02}",
        minute=f"{local.minute:02}",
    )


def write_money(minor: int, currency: str, words: Catalogue) -> str:
    """Write an amount of minor units with its currency: 3333 CNY is `33.33 元`, `CNY 33.33`."""
    template = words.currencies.get(currency, words.money)
    return template.format(amount=in_major_units(minor, currency), currency=currency)
