"""The demo's scenario: a ticket or more for every row B1 to B9, and for B11, B12, G1, G2 and H1."""

from typing import Final

from amends_cli.demo.cases.goods import B3, B4
from amends_cli.demo.cases.invoices import B8, B9
from amends_cli.demo.cases.ordinary import B1, B2
from amends_cli.demo.cases.vouchers import B5, B6, B7
from amends_cli.demo.cases.watching import CONTACTED, ESCALATED, FOLLOWED_UP
from amends_cli.demo.model import Case

SCENARIO: Final[tuple[Case, ...]] = (
    *B1, *B2, *B3, *B4, *B5, *B6, *B7, *B8, *B9, *FOLLOWED_UP, *ESCALATED, *CONTACTED,
)  # fmt: skip
"""In the order in which they are shown."""


def longest_first(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Return the cases in the order in which to begin them, so that the whole lasts no longer than the longest."""
    return tuple(sorted(cases, key=lambda case: (-case.lasts, case.key)))
