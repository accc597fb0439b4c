"""Amounts as people write them."""

import pytest

from amends.currency import in_major_units


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (0, "CNY", "0.00"),
        (5, "CNY", "0.05"),
        (123_456_789, "CNY", "1,234,567.89"),
        (500, "JPY", "500"),
        (1_500, "KWD", "1.500"),
        (3333, "XXX", "33.33"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(minor, currency, written):
    assert in_major_units(minor, currency) == written
