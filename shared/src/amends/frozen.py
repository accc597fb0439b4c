"""Changed copies of frozen values, where thousands are made a second."""

from typing import Any, TypeVar

Value = TypeVar("Value")

_set = object.__setattr__


def altered(value: Value, **fields: Any) -> Value:
    """Return a copy with these fields altered: `dataclasses.replace` for a frozen dataclass with slots, at half its cost.

    `__post_init__` is not run.

    Raises:
        AttributeError: the class has no such field.
    """
    kind = type(value)
    copy = object.__new__(kind)
    for name in kind.__slots__:  # type: ignore[attr-defined]
        _set(copy, name, getattr(value, name))
    for name, other in fields.items():
        _set(copy, name, other)
    return copy
