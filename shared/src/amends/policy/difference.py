"""How two policies differ, row by row: added, removed and changed, in whatever order and notation they are written."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from amends.policy.model import Policy

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a row that both policies have. Values are JSON; None: not there."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class RowChange:
    """What happened to one row. `fields`: of a changed row what changed, else all that the row says."""

    row: str
    kind: Kind
    fields: tuple[FieldChange, ...]

    def shown(self) -> dict[str, Any]:
        """Return the change as JSON."""
        fields = [{"field": f.field, "before": f.before, "after": f.after} for f in self.fields]
        return {"row": self.row, "change": self.kind, "fields": fields}


def difference(before: Policy, after: Policy) -> tuple[RowChange, ...]:
    """Return every row that differs, in the order of the policy's sections; nothing: both promise the same."""
    old, new = dict(_rows(before.body())), dict(_rows(after.body()))
    changes = []
    for name in (*new, *(name for name in old if name not in new)):
        one, other = old.get(name), new.get(name)
        kind: Kind = "added" if one is None else "removed" if other is None else "changed"
        fields = tuple(_fields(one or {}, other or {}))
        if fields or kind != "changed":
            changes.append(RowChange(name, kind, fields))
    order = {section: place for place, section in enumerate(before.body())}
    return tuple(sorted(changes, key=lambda change: order[change.row.split(" ")[0].split(".")[0]]))


_Row = Mapping[str, Any]
_NAMES: Final[Mapping[str, Callable[[_Row], str]]] = {
    "clocks": lambda row: f"{row['id']}/{row['clock']}",
    "case_types": lambda row: str(row["id"]),
    "complaint_codes": lambda row: str(row["id"]),
    "messages": lambda row: "/".join(str(p) for p in (row["template"], row["to"], row["when"]["event"])),
    "revisits": lambda row: f"{row['id']}/{row['reason']}",
}
"""The sections that are lists of rows, and what a row of each is called."""

_ORDERED: Final = frozenset({"stages"})
"""Lists in which the order is a promise; in every other list of names it is not."""


def _rows(body: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (name, its fields by path) of everything that counts as a row."""
    for section, value in body.items():
        if section in _NAMES:
            seen: Counter[str] = Counter()
            for row in value:
                name = _NAMES[section](row)
                seen[name] += 1
                twin = f" ({seen[name]})" if seen[name] > 1 else ""  # such as one revisit for each of several tags
                yield f"{section} {name}{twin}", dict(_flat(row))
        elif section == "calendars":
            for name, row in value.items():
                yield f"calendars {name}", dict(_flat(row))
        else:
            yield section, dict(_flat(value if isinstance(value, Mapping) else {"value": value}))


def _flat(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        here = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            yield from _flat(value, here)
        elif isinstance(value, list) and value and all(isinstance(entry, Mapping) for entry in value):
            yield from _flat({f"{key}[{place}]": entry for place, entry in enumerate(value, start=1)}, path)
        elif isinstance(value, list) and key not in _ORDERED and _is_of_names(value):
            yield here, sorted(value, key=str)
        elif value is not None and value != []:
            yield here, value


def _is_of_names(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, str | int) for value in values)


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    for field in (*before, *(field for field in after if field not in before)):
        one, other = before.get(field), after.get(field)
        if one != other:
            yield FieldChange(field, *_narrowed(one, other))


def _narrowed(before: Any, after: Any) -> tuple[Any, Any]:
    """Leave out of two long lists what both have: of hundreds of holidays, the few that differ are the news."""
    if not (isinstance(before, list) and isinstance(after, list) and _is_of_names(before) and _is_of_names(after)):
        return before, after
    if len(before) + len(after) <= _SHORT:
        return before, after
    return _missing(before, after), _missing(after, before)


_SHORT: Final = 40


def _missing(these: Iterable[Any], those: Iterable[Any]) -> list[Any]:
    known = set(those)
    return [value for value in these if value not in known]
