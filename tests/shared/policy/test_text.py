from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from amends.policy.text import read_yaml
from amends.policy.values import Duration

DURATION = TypeAdapter(Duration)


def test_clock_times_and_words_stay_text_without_quotes() -> None:
    assert read_yaml("a: 12:00\nb: on\nc: no\nd: 12h\n") == {"a": "12:00", "b": "on", "c": "no", "d": "12h"}


def test_numbers_truth_and_nothing_are_read_as_such() -> None:
    assert read_yaml("a: 500\nb: true\nc: null\nd: 0.8\ne: 007\n") == {"a": 500, "b": True, "c": None, "d": 0.8, "e": 7}


@pytest.mark.parametrize(
    ("text", "seconds", "written"),
    [
        ("20s", 20, "20s"),
        ("15min", 900, "15min"),
        ("12h", 43_200, "12h"),
        ("PT12H", 43_200, "12h"),
        ("P1D", 86_400, "24h"),
        ("30d", 2_592_000, "720h"),
        ("90min", 5_400, "90min"),
    ],
)
def test_a_duration_is_read_with_its_unit_and_written_in_its_largest_whole_one(
    text: str, seconds: int, written: str
) -> None:
    value = DURATION.validate_python(text)
    assert value == timedelta(seconds=seconds)
    assert DURATION.dump_python(value, mode="json") == written
    assert DURATION.validate_python(written) == value


@pytest.mark.parametrize("text", ["12", "12 parsecs", 12, 0.5, True, "0h", "-PT5M", "PT0.5S", ""])
def test_a_duration_without_unit_or_meaning_is_refused(text: object) -> None:
    with pytest.raises(ValidationError):
        DURATION.validate_python(text)
