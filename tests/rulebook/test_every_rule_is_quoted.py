"""No rule of the rulebook stands only on paper.

Of sections A to J: a row of the default policy carries it, or, where it is no clock and no amount, a test whose name
quotes it shows what the services do of it. What a policy row carries is quoted by a test as well.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.rulebook.rules import POLICY

from amends.policy.statutory import ceilings

RULES: Final = frozenset(
    [
        "A1",
        "A2",
        "A3",
        "A5",
        "A9",
        "A10",
        "A12",
        "A13",
        "B1",
        "B2",
        "B3",
        "B4",
        "B5",
        "B6",
        "B7",
        "B8",
        "B9",
        "B10",
        "B11",
        "B12",
        "B13",
        "B14",
        "B15",
        "B16",
        "B17",
        "C1",
        "C2",
        "C3",
        "C4",
        "C5",
        "D1",
        "D2",
        "D3",
        "D4",
        "D5",
        "E1",
        "E5",
        "E6",
        "E8",
        "E9",
        "E10",
        "E13",
        "F1",
        "F2",
        "F3",
        "F4",
        "G1",
        "G2",
        "G3",
        "G4",
        "G5",
        "H1",
        "H2",
        "H3",
        "H4",
        "H5",
        "H6",
        "I1",
        "I2",
        "I3",
        "I4",
        "J1",
        "J2",
        "J3",
    ]
)
"""Sections A to J, whole."""

UNBUILT: Final[dict[str, str]] = {}
"""What neither a row nor a named test carries, and what is missing. Built rules leave; new ones must not come."""

PARTLY: Final = {
    "A13": "filed by type, listed by owner and department; no queue orders tickets by skill: skills come with agents (M1)",
    "E9": "safety first, by level and deadline; a person names the department: areas and abilities come with agents (M1)",
    "G3": "goes up; the customer hears what comes next (`next_step`) only under a policy with a row for it: CONTRACT lists"
    " what the default sends",
    "J2": "its contact is told when the ticket opens; it joins only where an agent asks it, as a department",
    "J3": "one incident, one queue, one list; its plan is still proposed ticket by ticket",
}
"""Rules that are carried, and what of each is still missing."""

TESTS: Final = Path(__file__).parents[1]
_NAME: Final = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
_IN_NAME: Final = re.compile(r"(?<=_)([a-p]\d{1,2})(?=_|$)")
_IN_TEXT: Final = re.compile(r"(?<![A-Za-z0-9_])([A-P]\d{1,2})(?![A-Za-z0-9])")


def _sources() -> Iterator[str]:
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__):
            yield path.read_text(encoding="utf-8")


def _named() -> set[str]:
    """Return the rules that the name of a test quotes."""
    return {rule.upper() for text in _sources() for name in _NAME.findall(text) for rule in _IN_NAME.findall(name)}


def _quoted() -> set[str]:
    return _named() | {rule for text in _sources() for rule in _IN_TEXT.findall(text)}


def test_every_rule_of_a_to_j_is_carried_by_a_policy_row_or_a_named_test() -> None:
    assert RULES - POLICY.rule_ids() - _named() == set(UNBUILT)


def test_every_rule_of_a_policy_row_is_quoted_by_a_test() -> None:
    assert POLICY.rule_ids() - _quoted() == set()


def test_the_ceilings_of_the_law_are_quoted_by_a_named_test_p1() -> None:
    assert ceilings().id in _named()


def test_no_policy_row_quotes_a_rule_that_the_rulebook_does_not_have() -> None:
    assert POLICY.rule_ids() - RULES == set()


def test_what_is_partly_built_is_built() -> None:
    assert set(PARTLY) <= POLICY.rule_ids() | _named()
