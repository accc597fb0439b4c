"""Group complaints: who counts, for what, within which time, and what becomes of their tickets (RULEBOOK J3)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.intake.bodies import order
from tests.intake.cases import NOW, POLICY, a_ticket

from amends.instants import format_instant
from intake_svc.decisions.groups import Complaint, Group, Incident, complaint_of, gathered, joined, linked

RULE = POLICY.groups
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)
CUP = frozenset({"sku/cup"})


def complaint(n, *, customer=True, after=timedelta(0), subjects=CUP, incident=None):
    """The nth ticket, of the nth customer unless another or none is named, accepted so long after NOW."""
    who = f"c-{n}" if customer is True else customer
    return Complaint(f"t-{n}", who, NOW + after, "product", subjects, incident)


def tickets_of(group):
    return None if group is None else {one.ticket_id for one in group.tickets}


@pytest.mark.parametrize(
    ("changes", "category", "subjects"),
    [
        ({"complaint_code": 1001}, "product", {"sku/cup", "sku/pot"}),
        ({"complaint_code": 2999, "merchant_id": "m-1"}, "logistics", {"sku/cup", "sku/pot", "merchant/m-1"}),
        ({"case_type": "complaint_quality"}, "B14", {"sku/cup", "sku/pot"}),  # no code: its case type's row
        ({"complaint_code": 1001, "order": None, "merchant_id": "m-1"}, "product", {"merchant/m-1"}),
    ],
)
def test_a_complaint_counts_for_its_skus_and_its_merchant_in_its_category_j3(changes, category, subjects):
    found = complaint_of(POLICY, a_ticket(kind="complaint", **changes), NOW)
    assert (found.category, found.subjects, found.customer_id) == (category, subjects, "c-1")


def test_only_the_affected_items_count_where_some_are_named_j3():
    items = order()["items"]
    items[1]["affected"] = True
    assert complaint_of(POLICY, a_ticket(kind="complaint", order=order(items=items)), NOW).subjects == {"sku/pot"}


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"kind": "after_sales"}, False),
        ({"order": None}, False),  # neither SKU nor merchant
        ({"accepted_at": format_instant(NOW - DAY)}, True),  # within includes the limit (P1)
        ({"accepted_at": format_instant(NOW - DAY - TICK)}, False),
        ({"accepted_at": format_instant(NOW - 400 * DAY), "imported": True}, False),
        ({"accepted_at": format_instant(NOW - DAY), "imported": True}, True),
    ],
)
def test_other_kinds_and_what_comes_in_late_count_for_nothing_j3(changes, counts):
    ticket = a_ticket(**({"kind": "complaint"} | changes))
    assert (complaint_of(POLICY, ticket, NOW) is not None) is counts


def test_without_a_rule_nothing_counts():
    assert complaint_of(POLICY.model_copy(update={"groups": None}), a_ticket(kind="complaint"), NOW) is None


def test_five_customers_are_a_group_and_four_are_none_j3():
    assert gathered(complaint(4), [complaint(n) for n in range(3)], RULE) is None
    group = gathered(complaint(4), [complaint(n) for n in range(4)], RULE)
    assert group == Group(tuple(complaint(n) for n in range(5)), CUP, None)


def test_one_customer_five_times_and_tickets_of_nobody_are_no_group_j3():
    same = [complaint(n, customer="c-0") for n in range(5)]
    assert gathered(complaint(9, customer="c-0"), same, RULE) is None
    nobody = [complaint(n, customer=None) for n in range(9)]
    assert gathered(complaint(9), nobody, RULE) is None
    # What is the same trouble is linked with them, whoever told it.
    four = [complaint(n) for n in range(4)]
    assert tickets_of(gathered(complaint(9), [*four, same[0], nobody[4]], RULE)) == {
        f"t-{n}" for n in (0, 1, 2, 3, 4, 9)
    }


@pytest.mark.parametrize(("after", "group"), [(DAY, True), (DAY + TICK, False)])
def test_the_day_includes_its_limit_j3(after, group):
    four = [complaint(n, after=timedelta(hours=n)) for n in range(4)]
    assert (gathered(complaint(4, after=after), four, RULE) is not None) is group


def test_a_ticket_told_late_completes_the_day_around_it_j3():
    four = [complaint(n, after=timedelta(hours=n)) for n in (0, 1, 9, 10)]
    assert tickets_of(gathered(complaint(4, after=timedelta(hours=5)), four, RULE)) == {
        "t-0",
        "t-1",
        "t-4",
        "t-9",
        "t-10",
    }


def test_each_subject_needs_its_own_customers_j3():
    both = frozenset({"sku/cup", "merchant/m-1"})
    cups = [complaint(n) for n in range(2)]
    merchants = [complaint(n, subjects=frozenset({"merchant/m-1"})) for n in range(2, 5)]
    assert gathered(complaint(9, subjects=both), [*cups, *merchants], RULE) is None
    merchants.append(complaint(5, subjects=frozenset({"merchant/m-1"})))
    group = gathered(complaint(9, subjects=both), [*cups, *merchants], RULE)
    assert (group.subjects, tickets_of(group)) == ({"merchant/m-1"}, {"t-2", "t-3", "t-4", "t-5", "t-9"})


def test_tickets_that_are_in_an_incident_bring_the_others_into_it_and_stay_in_their_own_j3():
    old, new = Incident("i-1", NOW, NOW), Incident("i-2", NOW + TICK, NOW + TICK)
    alike = [complaint(n, incident=incident) for n, incident in enumerate((new, old, None, new))]
    group = gathered(complaint(9), alike, RULE)
    assert (group.incident, tickets_of(group)) == (old, {"t-2", "t-9"})


@pytest.mark.parametrize(
    ("after", "lasts"),
    [(DAY + DAY / 2, True), (DAY + DAY / 2 + TICK, False), (-DAY, True), (-DAY - TICK, False)],
)
def test_an_incident_lasts_for_a_day_after_its_latest_ticket_j3(after, lasts):
    incident = Incident("i-1", NOW, NOW).with_tickets(NOW + DAY / 2)
    late = complaint(7, after=after)
    assert joined(late, [incident], RULE) == (incident if lasts else None)


def test_of_several_incidents_a_ticket_joins_its_own_else_the_oldest_j3():
    first, second = Incident("i-2", NOW, NOW), Incident("i-1", NOW + TICK, NOW + TICK)
    assert joined(complaint(1), [second, first], RULE) == first
    assert joined(complaint(1, incident=second), [second, first], RULE) == second


def test_a_linked_ticket_stands_in_the_task_forces_queue_and_is_told_in_writing_j3_i1():
    ticket, facts = linked(a_ticket(kind="complaint", tags=["complex"]), "i-1", POLICY)
    assert [fact.to_data() for fact in facts] == [{"incident_id": "i-1"}, {"tags": ["complex", "group"]}]
    assert (ticket.incidents, ticket.tags_given, ticket.version) == (("i-1",), ("complex", "group"), 3)
    assert "group" in POLICY.feedback.tags


def test_linking_says_only_what_is_new_j3():
    ticket, _ = linked(a_ticket(kind="complaint"), "i-1", POLICY)
    assert linked(ticket, "i-1", POLICY) == (ticket, ())
    assert [fact.to_data() for fact in linked(ticket, "i-2", POLICY)[1]] == [{"incident_id": "i-2"}]
    resolved = a_ticket(kind="complaint", state={"status": "resolved"})
    assert [fact.to_data() for fact in linked(resolved, "i-1", POLICY)[1]] == [{"incident_id": "i-1"}]


STREAMS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(0, 7) | st.none(),
        st.sets(st.sampled_from(["sku/a", "sku/b", "merchant/m"]), min_size=1),
    ),
    min_size=1,
    max_size=25,
)


def told(stream):
    return [
        Complaint(
            f"t-{n}", None if who is None else f"c-{who}", NOW + timedelta(hours=hours), "product", frozenset(about)
        )
        for n, (hours, who, about) in enumerate(stream)
    ]


def near(one, others):
    """What the store finds alike."""
    return [
        replace(other, subjects=other.subjects & one.subjects)
        for other in others
        if other is not one
        and other.subjects & one.subjects
        and abs(other.accepted_at - one.accepted_at) <= RULE.within
    ]


def days_with(subject, complaints):
    """Every stretch of a day that begins with a ticket about the subject, by brute force."""
    about = [one for one in complaints if subject in one.subjects]
    for start in about:
        yield [one for one in about if start.accepted_at <= one.accepted_at <= start.accepted_at + DAY]


@given(STREAMS)
def test_a_ticket_is_in_a_group_exactly_when_a_day_around_it_has_five_customers_j3(stream):
    complaints = told(stream)
    for one in complaints:
        days = [
            {each.ticket_id for each in day}
            for subject in one.subjects
            for day in days_with(subject, complaints)
            if one in day and len({each.customer_id for each in day} - {None}) >= RULE.customers_min
        ]
        expected = set().union(*days) if days else None
        assert tickets_of(gathered(one, near(one, complaints), RULE)) == expected


@given(STREAMS, st.randoms())
def test_whoever_is_looked_at_first_every_ticket_of_a_group_ends_in_one_incident_j3(stream, random):
    complaints = told(stream)
    ids = [one.ticket_id for one in complaints]
    incidents, about, member = {}, {}, {}
    order_looked_at = random.sample(complaints, len(complaints))
    for looked_at in order_looked_at:
        known = [replace(each, incident=incidents.get(member.get(each.ticket_id))) for each in complaints]
        one = known[ids.index(looked_at.ticket_id)]
        same = [incidents[i] for i, subjects in about.items() if subjects & one.subjects]
        incident = joined(one, same, RULE)
        group = Group((one,), frozenset(), incident) if incident else gathered(one, near(one, known), RULE)
        if group is None:
            continue
        base = group.incident or Incident(f"i-{len(incidents)}", one.accepted_at, one.accepted_at)
        incidents[base.incident_id] = base.with_tickets(*(each.accepted_at for each in group.tickets))
        about[base.incident_id] = about.get(base.incident_id, frozenset()) | group.subjects
        for each in group.tickets:
            assert member.get(each.ticket_id, base.incident_id) == base.incident_id
            member[each.ticket_id] = base.incident_id
    for one in complaints:
        if gathered(one, near(one, complaints), RULE) is not None:
            assert one.ticket_id in member
    for incident_id in incidents:
        customers = {one.customer_id for one in complaints if member.get(one.ticket_id) == incident_id}
        assert len(customers - {None}) >= RULE.customers_min
