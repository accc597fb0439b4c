"""An altered copy is what `dataclasses.replace` makes."""

from dataclasses import field, replace

import pytest

from amends.frozen import altered, frozen


@frozen
class Point:
    x: int
    y: int = 0
    tags: tuple[str, ...] = field(default=())


def test_a_changed_copy_is_what_replace_makes() -> None:
    point = Point(1, 2, ("a",))
    assert altered(point, y=3) == replace(point, y=3) == Point(1, 3, ("a",))
    assert altered(point) == point
    assert point == Point(1, 2, ("a",))


def test_equal_values_are_one_in_a_set() -> None:
    assert {Point(1, 3), altered(Point(1), y=3)} == {Point(1, 3)}


def test_a_field_that_the_class_does_not_have_is_refused() -> None:
    with pytest.raises(AttributeError):
        altered(Point(1), z=3)
