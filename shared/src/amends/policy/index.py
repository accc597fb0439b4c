"""A policy's rows, found without walking over them: every event of every ticket asks for some.

Kept beside the policy, by the identity of its rows: a copy of a policy with other rows has an index of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from amends.policy.rows import ClockRow, Scope

if TYPE_CHECKING:
    from amends.policy.choose import TicketFacts

POLICIES_KEPT_MAX: Final = 64
"""Indexes kept at once; above it they are built anew, which takes a millisecond each."""
CHOICES_KEPT_MAX: Final = 1024
"""Kinds of tickets whose rows are remembered; clients name tags freely, so that there is no natural end to them."""


_Choices = dict[tuple[str, bool], ClockRow | None]
"""The row of each clock, by whether it is for a time agreed with the customer."""


@dataclass(slots=True)
class RowIndex:
    """The rows of one policy: by clock (most specific first), by name, and which row a kind of ticket has."""

    clocks: Sequence[ClockRow]
    named: dict[tuple[str, str], ClockRow] = field(default_factory=dict)
    by_clock: dict[str, tuple[ClockRow, ...]] = field(default_factory=dict)
    _chosen: dict["TicketFacts", "_Choices"] = field(default_factory=dict)
    _asked_last: "tuple[TicketFacts | None, _Choices]" = (None, {})

    def __post_init__(self) -> None:
        by_clock: dict[str, list[ClockRow]] = {}
        for row in self.clocks:
            self.named.setdefault((row.clock, row.id), row)
            by_clock.setdefault(row.clock, []).append(row)
        for clock, rows in by_clock.items():
            rows.sort(key=lambda row: row.scope.specificity, reverse=True)
            self.by_clock[clock] = tuple(rows)

    def matching(self, clock: str, facts: "TicketFacts", *, agreed: bool) -> tuple[ClockRow, ...]:
        """Return the rows that are for this ticket, most specific first. `agreed`: those for a time agreed with it."""
        rows = self.by_clock.get(clock, ())
        return tuple(row for row in rows if (row.start == "agreed") is agreed and matches(row.scope, facts))

    def chosen(self, clock: str, facts: "TicketFacts", *, agreed: bool) -> ClockRow | None:
        """Return the most specific of the rows that are for this ticket, or None."""
        last, choices = self._asked_last
        if facts is not last:  # an opening asks for each clock in turn
            choices = self._choices_of(facts)
            self._asked_last = (facts, choices)
        try:
            return choices[clock, agreed]
        except KeyError:
            row = choices[clock, agreed] = next(iter(self.matching(clock, facts, agreed=agreed)), None)
            return row

    def _choices_of(self, facts: "TicketFacts") -> "_Choices":
        choices = self._chosen.get(facts)
        if choices is None:
            if len(self._chosen) >= CHOICES_KEPT_MAX:
                self._chosen.clear()
            choices = self._chosen[facts] = {}
        return choices


def matches(scope: Scope, facts: "TicketFacts") -> bool:
    """Say whether a row with this scope is for this ticket."""
    return (
        (scope.tenant is None or scope.tenant == facts.tenant)
        and facts.tags.issuperset(scope.tags)
        and (not scope.case_type or facts.case_type in scope.case_type)
        and (not scope.level or facts.level in scope.level)
        and (not scope.channel or facts.channel in scope.channel)
        and (not scope.kind or facts.kind in scope.kind)
    )


_kept: dict[int, RowIndex] = {}


def index_of(clocks: Sequence[ClockRow]) -> RowIndex:
    """Return the index of a policy's rows, built once for as long as it is kept."""
    found = _kept.get(id(clocks))
    if found is not None and found.clocks is clocks:
        return found
    if len(_kept) >= POLICIES_KEPT_MAX:
        _kept.clear()
    made = _kept[id(clocks)] = RowIndex(clocks)
    return made
