"""Amounts as people write them. Pure."""

from typing import Final

_MINOR_DIGITS: Final = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""ISO 4217, list one: the digits of the minor unit, where they are not two."""
_USUAL_DIGITS: Final = 2


def in_major_units(minor: int, currency: str) -> str:
    """Return an amount of minor units, at least 0, as a number of major units: 123456 CNY is `1,234.56`."""
    digits = _MINOR_DIGITS.get(currency, _USUAL_DIGITS)
    whole, rest = divmod(minor, 10**digits)
    return f"{whole:,}.{rest:0{digits}}" if digits else f"{whole:,}"
