"""No rule of the rulebook that is built by now stands only on paper: a policy row carries it, and a test quotes it."""

import re
from pathlib import Path

from tests.rulebook.rules import POLICY

BUILT = frozenset(
    re.findall(
        r"\S+",
        """
        A1 A2 A3 A5 A9 A10 A12
        B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B13 B14 B15 B16 B17
        C1 C2 C3 C4 C5  D1 D2 D3 D4 D5  F1 F2 F3 F4  G1 G2 G4  H1 H2 H6  I3  J1
        """,
    )
)
LATER = frozenset(
    re.findall(
        r"\S+",
        """
        A13  E1 E5 E6 E8 E9 E10 E13  G3 G5  H3 H4 H5  I1 I2 I4  J2 J3  K1 K2 K3 K4 K5 K6 K7 K8  L1 L2 L3 L4
        M1 M2 M4 M5 M7 M8  N1 N2 N3 N4 N5 N6  O1 O3 O4 O5 O6  P1
        """,
    )
)
"""Rules about people, tickets' life, measures and words: no clock or amount of the policy; theirs come with their part."""

TESTS = Path(__file__).parents[1]


def _quoted_by_tests() -> set[str]:
    rule = re.compile(r"(?<![A-Za-z0-9_])([A-Pa-p]\d{1,2})(?![A-Za-z0-9])|_([a-p]\d{1,2})(?=_|\b)")
    found: set[str] = set()
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__):
            found |= {(one or other).upper() for one, other in rule.findall(path.read_text(encoding="utf-8"))}
    return found


def test_every_rule_that_is_built_stands_in_a_policy_row() -> None:
    assert BUILT - POLICY.rule_ids() == set()


def test_every_rule_that_is_built_is_quoted_by_a_test() -> None:
    assert BUILT - _quoted_by_tests() == set()


def test_no_policy_row_quotes_a_rule_that_the_rulebook_does_not_have() -> None:
    assert POLICY.rule_ids() - BUILT - LATER == set()
