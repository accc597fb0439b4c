"""The open stretches between two instants: what `elapsed` adds up."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from amends.calendar import BusinessCalendar

BERLIN = BusinessCalendar(
    "Europe/Berlin",
    {day: [("00:00", "03:30"), ("22:00", "24:00")] for day in ("mon", "wed", "sat", "sun")},
)
START = datetime(2024, 12, 20, tzinfo=UTC)
_INSTANTS = st.integers(0, 200 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@settings(max_examples=60, deadline=None)
@given(_INSTANTS, _INSTANTS)
def test_the_stretches_are_in_order_apart_and_add_up_to_what_elapsed(one: datetime, other: datetime) -> None:
    start, end = sorted((one, other))
    found = list(BERLIN.open_between(start, end))
    assert sum((b - a for a, b in found), timedelta()) == BERLIN.elapsed(start, end)
    edges = [edge for stretch in found for edge in stretch]
    assert edges == sorted(edges)
    assert all(start <= a < b <= end for a, b in found)
    assert all(BERLIN.is_open(a) for a, _ in found)


def test_nothing_lies_between_an_instant_and_itself_or_one_before() -> None:
    assert list(BERLIN.open_between(START, START)) == []
    assert list(BERLIN.open_between(START + timedelta(days=9), START)) == []
