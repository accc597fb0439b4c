"""The policies that ship with the package, by name, and policies that say only how they differ from one of them."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from amends.policy.text import read_yaml

PACKS: Final = ("default", "tmall", "jd")
"""`default` is the rulebook; the others are worked examples from public platform rules, not the platforms' own."""

_ROW_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "clocks": ("id", "clock"),
    "case_types": ("id",),
    "complaint_codes": ("id",),
}
"""The sections that are merged row by row, and the fields that name a row."""


def pack_text(name: str) -> str:
    """Return the YAML of a pack. KeyError: there is none of that name."""
    if name not in PACKS:
        raise KeyError(name)
    return files("amends.policy").joinpath(f"{name}.yaml").read_text(encoding="utf-8")


def spelled_out(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return a whole policy, as written, from one that may say `extends: NAME` and only its differences from that pack.

    Mappings are merged field by field; clocks, case types and complaint codes row by row (same id, and clock: replaced;
    else added); everything else that is given replaces the pack's. `without` lists clock rows of the pack to leave out,
    as `B6/dept_reply`.

    Raises:
        ValueError: no such pack, or no such row in it.
    """
    if "extends" not in raw:
        return dict(raw)
    name = raw["extends"]
    if not isinstance(name, str) or name not in PACKS:
        raise ValueError(f"extends: there is no pack {name!r}; there are {', '.join(PACKS)}")
    base = spelled_out(read_yaml(pack_text(name)))
    base["clocks"] = _without(base["clocks"], raw.get("without"))
    return _laid_over(base, {key: value for key, value in raw.items() if key not in ("extends", "without")})


def _without(rows: Sequence[Any], left_out: Any) -> list[Any]:
    names = [left_out] if isinstance(left_out, str) else left_out or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("without: a list of clock rows such as B6/dept_reply")
    known = {f"{row['id']}/{row['clock']}": row for row in rows}
    for name in names:
        if name not in known:
            raise ValueError(f"without: the pack has no clock row {name!r}")
    return [row for name, row in known.items() if name not in names]


def _laid_over(base: Mapping[str, Any], own: Mapping[str, Any], *, top: bool = True) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        under = base.get(key)
        if top and key in _ROW_NAMES and isinstance(value, list) and isinstance(under, list):
            merged[key] = _rows(under, value, _ROW_NAMES[key])
        elif isinstance(value, Mapping) and isinstance(under, Mapping):
            merged[key] = _laid_over(under, value, top=False)
        else:
            merged[key] = value
    return merged


def _rows(base: Sequence[Any], own: Sequence[Any], naming: tuple[str, ...]) -> list[Any]:
    replaced = {_name(row, naming): row for row in own if isinstance(row, Mapping)}
    known = [_name(row, naming) for row in base]
    kept = [replaced.get(name, row) for name, row in zip(known, base, strict=True)]
    return [*kept, *(row for row in own if not isinstance(row, Mapping) or _name(row, naming) not in known)]


def _name(row: Mapping[str, Any], naming: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(row.get(field)) for field in naming)
