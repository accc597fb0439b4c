"""What Pydantic's shapes cannot say: sums, limits, times, text that cannot be stored.

The checks read the client's JSON as it came and pass over what has the wrong shape, so that everything that is wrong
with a request is said at once.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard

from pydantic import ValidationError

from amends.events.data import EventData
from amends.instants import format_instant, parse_instant
from intake_svc.decisions.limits import Limits
from intake_svc.decisions.refusals import FieldProblem

_DEPTH_MAX: Final = 32
_TEXTS: Final = frozenset({"description", "demand", "reason", "verdict", "findings"})
"""Fields in which people write sentences."""


def shape_problems(model: type[EventData], raw: Mapping[str, Any]) -> tuple[FieldProblem, ...]:
    """Return what is wrong with the shape: unknown fields, missing ones, wrong types, unknown words."""
    try:
        model.from_client(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        return tuple(FieldProblem(path(*item["loc"]), item["msg"]) for item in found)
    return ()


def path(*steps: str | int) -> str:
    """Write where a field is: `order.items[0].paid_amount`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".") or "body"


def value_problems(node: Any, limits: Limits, *where: str | int) -> Iterator[FieldProblem]:
    """Find what no event and no table can hold, at any depth: NUL, half of a surrogate pair, endless numbers or texts."""
    if len(where) > _DEPTH_MAX:
        yield FieldProblem(path(*where[:3]), f"is nested deeper than {_DEPTH_MAX}")
    elif isinstance(node, str):
        yield from _string_problems(node, limits, *where)
    elif isinstance(node, float) and not math.isfinite(node):
        yield FieldProblem(path(*where), "is not a number")
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _string_problems(key, limits, *where, "(name)")
            yield from value_problems(value, limits, *where, key)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from value_problems(value, limits, *where, position)


def _string_problems(value: str, limits: Limits, *where: str | int) -> Iterator[FieldProblem]:
    chars_max = limits.text_chars_max if where and where[0] in _TEXTS else limits.name_chars_max
    if "\x00" in value or not _encodable(value):
        yield FieldProblem(path(*where), "holds a character that cannot be stored (NUL or half of a surrogate pair)")
    if len(value) > chars_max:
        yield FieldProblem(path(*where), f"has {len(value)} characters; at most {chars_max}")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def amount_problems(raw: Mapping[str, Any], limits: Limits, *where: str | int) -> Iterator[FieldProblem]:
    """Find amounts beyond the limit, and lines that add up to more than their remedy's amount."""
    amount, lines = raw.get("amount"), _rows(raw.get("lines"))
    yield from _too_much(amount, limits, *where, "amount")
    for position, line in enumerate(lines):
        yield from _too_much(line.get("amount"), limits, *where, "lines", position, "amount")
    total = sum(_int(line.get("amount")) for line in lines)
    if lines and _is_int(amount) and total != amount:
        yield FieldProblem(path(*where, "amount"), f"is {amount}, but the lines add up to {total}")


def order_problems(order: Any, limits: Limits) -> Iterator[FieldProblem]:
    """Find what does not add up in an order: its items and shipping are at most what was paid for it."""
    if not isinstance(order, Mapping):
        return
    items = _rows(order.get("items"))
    paid, shipping = order.get("paid_amount"), _int(order.get("shipping_fee"))
    for name in ("paid_amount", "shipping_fee", "refunded_amount"):
        yield from _too_much(order.get(name), limits, "order", name)
    if len(items) > limits.items_max:
        yield FieldProblem("order.items", f"has {len(items)} items; at most {limits.items_max}")
    total = sum(_int(item.get("paid_amount")) for item in items)
    if _is_int(paid) and total + shipping > paid:
        told = f"is {paid}, but items ({total}) and shipping_fee ({shipping}) add up to {total + shipping}"
        yield FieldProblem("order.paid_amount", told)
    if _is_int(paid) and _int(order.get("refunded_amount")) > paid:
        yield FieldProblem("order.refunded_amount", f"is above paid_amount ({paid})")
    yield from _repeated_lines(items)
    for position, item in enumerate(items):
        yield from _item_problems(item, limits, "order", "items", position)


def _repeated_lines(items: list[Mapping[str, Any]]) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for position, item in enumerate(items):
        line_id = item.get("line_id")
        if isinstance(line_id, str) and line_id in seen:
            yield FieldProblem(path("order", "items", position, "line_id"), f"{line_id!r} stands twice in this order")
        seen.add(str(line_id))


def _item_problems(item: Mapping[str, Any], limits: Limits, *where: str | int) -> Iterator[FieldProblem]:
    paid, quantity = item.get("paid_amount"), item.get("quantity")
    for name in ("paid_amount", "refunded_amount"):
        yield from _too_much(item.get(name), limits, *where, name)
    if _is_int(paid) and _int(item.get("refunded_amount")) > paid:
        yield FieldProblem(path(*where, "refunded_amount"), f"is above paid_amount ({paid})")
    if _is_int(quantity) and quantity > limits.quantity_max:
        yield FieldProblem(path(*where, "quantity"), f"is above the limit of {limits.quantity_max}")
    if _is_int(quantity) and _int(item.get("missing_quantity")) > quantity:
        yield FieldProblem(path(*where, "missing_quantity"), f"is above quantity ({quantity})")


def _too_much(amount: Any, limits: Limits, *where: str | int) -> Iterator[FieldProblem]:
    if _is_int(amount) and amount > limits.amount_max:
        yield FieldProblem(path(*where), f"is above the limit of {limits.amount_max} minor units")


def instant(raw: Mapping[str, Any], name: str) -> datetime | None:
    """Read a time that a client wrote; None when it is absent or no time, which the shape's check says."""
    value = raw.get(name)
    try:
        return parse_instant(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


def past_problems(raw: Mapping[str, Any], name: str, now: datetime, skew: timedelta) -> Iterator[FieldProblem]:
    """Find a time that should be past and is not; `skew` is how far a client's clock may be ahead."""
    at = instant(raw, name)
    if at is not None and at > now + skew:
        yield FieldProblem(name, f"is in the future; it is {format_instant(now)} now")


def promise_problems(raw: Mapping[str, Any], name: str, now: datetime, limits: Limits) -> Iterator[FieldProblem]:
    """Find a time promised to a customer (F2) that has passed already, or is too far ahead to be meant."""
    at = instant(raw, name)
    if at is not None and at <= now:
        yield FieldProblem(name, f"has passed; it is {format_instant(now)} now")
    if at is not None and at > now + limits.promise_ahead_max:
        yield FieldProblem(name, f"is more than {limits.promise_ahead_max.days} days ahead")


def unlike(problems: Iterator[FieldProblem], known: tuple[FieldProblem, ...]) -> tuple[FieldProblem, ...]:
    """Return the known problems and those of the others whose field is not among them: one sentence for each field."""
    fields = {problem.field for problem in known}
    return (*known, *(problem for problem in problems if problem.field not in fields))


def _is_int(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _int(value: Any) -> int:
    return value if _is_int(value) and value >= 0 else 0


def _rows(value: Any) -> list[Mapping[str, Any]]:
    """Return the list's objects; their positions stand only if all are objects, else the shape's check speaks."""
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        return []
    return value
