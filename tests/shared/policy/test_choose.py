from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.shared.policy.bodies import clock_row, default_raw

from amends.policy.choose import TicketFacts, choose, matches, row_for
from amends.policy.facts import facts_of
from amends.policy.load import default_policy, load
from amends.policy.rows import Scope
from amends.policy.ties import overlap

FACTS = TicketFacts("demo", frozenset({"important"}), "exchange", 2, "email", "complaint")


def _row(rule: str, **scope: Any) -> dict[str, Any]:
    return {**clock_row(default_raw(), "H1", "contact_interval"), "id": rule, "scope": scope}


def test_tenant_beats_tag_beats_case_type_beats_level_beats_channel_beats_kind_beats_default() -> None:
    ladder = [
        _row("X1", tenant="demo"),
        _row("X2", tags="important", case_type="exchange", level=2, channel="email", kind="complaint"),
        _row("X3", tags="important"),
        _row("X4", case_type="exchange", level=2, channel="email", kind="complaint"),
        _row("X5", case_type="exchange"),
        _row("X6", level=2, channel="email", kind="complaint"),
        _row("X7", level=2),
        _row("X8", channel="email", kind="complaint"),
        _row("X9", channel="email"),
        _row("X10", kind="complaint"),
    ]
    raw = default_raw()
    raw["clocks"] = [row for row in raw["clocks"] if row["id"] != "J1"] + list(reversed(ladder))
    raw["revisits"] = []
    choice = choose(load(raw), "contact_interval", FACTS)
    assert [row.id for row in choice.candidates] == [row["id"] for row in ladder] + ["H1"]
    assert choice.row is choice.candidates[0]


def test_a_row_of_another_tenant_never_matches() -> None:
    raw = default_raw()
    raw["clocks"].append(_row("X1", tenant="other"))
    found = row_for(load(raw), "contact_interval", FACTS)
    assert found is not None
    assert found.id == "H1"


def test_all_tags_of_a_scope_must_be_there_and_one_of_each_other_list() -> None:
    assert matches(Scope(tags=("important",), case_type=("repair", "exchange")), FACTS)
    assert not matches(Scope(tags=("important", "complex")), FACTS)
    assert not matches(Scope(case_type=("repair",)), FACTS)


def test_facts_of_a_reopened_ticket_are_one_level_up_and_never_past_one() -> None:
    opened = {"kind": "complaint", "case_type": "other", "channel": "web", "level": 2}
    policy = default_policy()
    assert [facts_of(policy, "demo", opened, levels_up=n).level for n in range(4)] == [2, 1, 1, 1]


NAMES = st.sets(st.sampled_from("abc"), max_size=2).map(sorted)
SCOPES = st.builds(
    lambda tenant, tags, case, level, channel, kind: Scope(
        tenant=tenant,
        tags=tuple(tags),
        case_type=tuple(case),
        level=tuple(level),
        channel=tuple(channel),
        kind=tuple(kind),
    ),
    st.sampled_from([None, "t", "u"]),
    NAMES,
    NAMES,
    st.sets(st.integers(1, 3), max_size=2).map(sorted),
    NAMES,
    NAMES,
)
TICKETS = st.builds(
    TicketFacts,
    st.sampled_from(["t", "u", "v"]),
    st.frozensets(st.sampled_from("abc")),
    st.sampled_from("abc"),
    st.integers(1, 3),
    st.sampled_from("abc"),
    st.sampled_from("abc"),
)


@given(SCOPES, SCOPES, TICKETS)
def test_two_scopes_that_match_one_ticket_are_found_to_overlap(first: Scope, second: Scope, facts: TicketFacts) -> None:
    if matches(first, facts) and matches(second, facts):
        assert overlap(first, second)
        assert overlap(second, first)


@given(SCOPES, SCOPES)
def test_scopes_that_overlap_match_some_ticket(first: Scope, second: Scope) -> None:
    def shared(one: tuple[Any, ...], other: tuple[Any, ...], free: Any) -> Any:
        both = [value for value in one if value in other] if one and other else [*one, *other]
        return both[0] if both else free

    if overlap(first, second):
        facts = TicketFacts(
            first.tenant or second.tenant or "t",
            frozenset({*first.tags, *second.tags}),
            shared(first.case_type, second.case_type, "a"),
            shared(first.level, second.level, 1),
            shared(first.channel, second.channel, "a"),
            shared(first.kind, second.kind, "a"),
        )
        assert matches(first, facts)
        assert matches(second, facts)


@pytest.mark.parametrize("clock", ["dept_reply", "ack", "contact_interval"])
@given(st.data())
def test_one_row_of_the_default_policy_is_strictly_the_most_specific(clock: Any, data: st.DataObject) -> None:
    policy = default_policy()
    facts = TicketFacts(
        "demo",
        data.draw(st.frozensets(st.sampled_from(policy.tags))),
        data.draw(st.sampled_from(sorted(policy.case_type_names))),
        data.draw(st.integers(1, 4)),
        data.draw(st.sampled_from(policy.channels.names)),
        data.draw(st.sampled_from(policy.kinds)),
    )
    ranks = [row.scope.specificity for row in choose(policy, clock, facts).candidates]
    assert ranks
    assert ranks.count(max(ranks)) == 1
