"""What a simulation says of a stream, beyond the worked examples (CONTRACT §4)."""

from datetime import timedelta

import pytest
from tests.simulate.streams import MIN, ORDER, SILENT, WEDNESDAY, H, line, lines, of, said, told, written

from amends.events.codec import decode, encode_structured
from amends.policy.load import default_policy, default_text, load
from amends_cli.simulate.reading import BadLine
from amends_cli.simulate.telling import line_of

US = timedelta(microseconds=1)
BREACH = WEDNESDAY + 12 * H + 10 * MIN
CONSULTATION = {"channel": "web", "kind": "consultation", "case_type": "other"}
RESOLVED = [
    ("ticket.opened", 0 * H, CONSULTATION),
    ("ticket.contacted", 5 * MIN, {"by": "agent", "about": "result", "channel": "web"}),
    ("ticket.resolved", 1 * H, {"outcome": "resolved"}),
]
E_INVOICE = [
    ("ticket.opened", 0 * H, CONSULTATION | {"case_type": "e_invoice", "order": ORDER}),
    ("ticket.department_asked", 0 * H, {"department": "finance"}),
]


def test_it_runs_to_the_last_event_unless_told_otherwise():
    assert said(lines(*SILENT))[-1].time == WEDNESDAY + 10 * MIN


def test_until_is_included_and_a_microsecond_before_is_not():
    assert of(said(lines(*SILENT), BREACH), "compensation.issued")
    assert not of(said(lines(*SILENT), BREACH - US), "sla.deadline_breached", clock="dept_reply")


def test_what_comes_after_until_is_not_heard():
    late = [*SILENT, ("ticket.resolved", 20 * H, {"outcome": "resolved"})]
    assert written(said(lines(*late), BREACH)) == written(said(lines(*SILENT), BREACH))


def test_a_reply_at_the_very_deadline_comes_before_its_timer():
    reply = {"department": "seller", "effective": True, "decision": "accepted"}
    at_it = said(lines(*SILENT, ("ticket.department_replied", 12 * H + 10 * MIN, reply)), BREACH)
    after_it = said(lines(*SILENT, ("ticket.department_replied", 12 * H + 10 * MIN + US, reply)))
    assert of(at_it, "sla.clock_stopped", clock="dept_reply", outcome="met")
    assert of(after_it, "sla.clock_stopped", clock="dept_reply", outcome="late")


def test_timers_at_one_instant_go_by_due_time_then_ticket_then_the_order_of_the_clocks():
    both = [line("ticket.opened", WEDNESDAY, CONSULTATION, subject=ticket) for ticket in ("T-2", "T-1")]
    breached = of(said(both, WEDNESDAY + 48 * H), "sla.deadline_breached")
    at_48_hours = [(one.subject, one.fact.to_data()["clock"]) for one in breached if one.time == WEDNESDAY + 48 * H]
    assert at_48_hours == [(t, c) for t in ("T-1", "T-2") for c in ("escalate", "contact_interval")]


def test_a_deadline_that_was_past_when_its_clock_started_is_breached_when_it_started():
    accepted = {"accepted_at": "2026-05-12T01:20:00Z"}
    breach = of(said(lines(("ticket.opened", 0 * H, CONSULTATION | accepted))), "sla.deadline_breached", clock="solve")
    assert [(one.time, one.fact.to_data()["due_at"]) for one in breach] == [(WEDNESDAY, "2026-05-13T01:20:00.000000Z")]


def test_an_imported_tickets_past_deadlines_are_recorded_and_nothing_follows():
    old = {"accepted_at": "2026-05-01T01:20:00Z", "imported": True, "owner": "agent-1"}
    events = said(lines(("ticket.opened", 0 * H, CONSULTATION | old)))
    assert of(events, "sla.deadline_breached", clock="escalate", step=1)
    assert not of(events, "sla.escalated")
    assert not of(events, "sla.penalty_incurred")
    assert [one.fact.to_data()["template"] for one in of(events, "contact.message_sent")] == ["ticket_received"]


def test_an_unhappy_rating_reopens_and_the_input_says_it_only_once():
    unhappy = line("contact.survey_answered", WEDNESDAY + 3 * H, {"rating": 2}, id="s-1")
    by_itself = said([*lines(*RESOLVED), unhappy])
    by_input = line("ticket.reopened", WEDNESDAY + 3 * H, {"reason": "rating: 2"}, causationid="s-1")
    recorded = said([*lines(*RESOLVED), unhappy, by_input])
    assert [one.causationid for one in of(by_itself, "ticket.reopened")] == ["s-1"]
    assert told(recorded) == [what for what in told(by_itself) if what != "ticket.reopened"]


def test_a_rating_of_an_open_ticket_and_a_good_one_reopen_nothing():
    good = lines(*RESOLVED, ("contact.survey_answered", 2 * H, {"rating": 3}))
    still_open = lines(*RESOLVED[:2], ("contact.survey_answered", 2 * H, {"rating": 1}))
    assert not of(said(good), "ticket.reopened")
    assert not of(said(still_open), "ticket.reopened")


def test_a_reopening_of_an_open_ticket_is_none():
    again = [*SILENT, ("ticket.reopened", 1 * H, {"reason": "?"})]
    assert told(said(lines(*again), BREACH)) == told(said(lines(*SILENT), BREACH))


def test_an_approval_without_a_remedy_id_is_for_the_oldest_that_waits_and_is_not_written_again():
    events = said(lines(*E_INVOICE, ("compensation.approved", 49 * H, {"by": "manager"})))
    waited = of(events, "compensation.decided", step=2, approval="required")[0]
    issued = of(events, "compensation.issued", remedy_id=waited.fact.to_data()["remedy_id"])
    assert [one.time for one in issued] == [WEDNESDAY + 49 * H]
    assert not of(events, "compensation.approved")


def test_an_approval_of_another_remedy_or_of_none_that_waits_pays_nothing():
    for named in ({"remedy_id": "another"}, {}):
        when = 49 * H if named else 30 * H
        events = said(lines(*E_INVOICE, ("compensation.approved", when, named | {"by": "manager"})), WEDNESDAY + 50 * H)
        assert len(of(events, "compensation.issued")) == 1  # the voucher of the first step


def test_a_rejected_refund_is_free_for_another_ticket_of_the_order():
    other = [
        line("ticket.opened", WEDNESDAY + 50 * H, SILENT[0][2], subject="T-2"),
        line("ticket.department_asked", WEDNESDAY + 50 * H, {"department": "seller"}, subject="T-2"),
    ]
    rejected = line("compensation.rejected", WEDNESDAY + 49 * H, {"by": "manager"})
    until = WEDNESDAY + 63 * H
    kept = of(said([*lines(*E_INVOICE), *other], until), "compensation.decided", rule="B1")
    freed = of(said([*lines(*E_INVOICE), rejected, *other], until), "compensation.decided", rule="B1")
    assert [one.fact.to_data()["amount"] for one in kept] == [0]  # the line's 20,000 are promised
    assert [one.fact.to_data()["amount"] for one in freed] == [20000]


def test_two_tickets_of_one_order_share_what_is_left_of_it():
    both = [line(what, WEDNESDAY + at, data, subject=ticket) for what, at, data in SILENT for ticket in ("T-1", "T-2")]
    amounts = [one.fact.to_data()["amount"] for one in of(said(both, BREACH), "compensation.decided")]
    assert amounts == [20000, 0]
    assert len(of(said(both, BREACH), "compensation.issued")) == 1


def test_a_solution_carried_out_outside_lowers_what_is_left():
    executed = ("ticket.solution_executed", 1 * H, {"remedy": {"type": "discounted_refund", "amount": 5000}})
    decided = of(said(lines(*SILENT, executed), BREACH), "compensation.decided")
    assert [one.fact.to_data()["amount"] for one in decided] == [15800]  # 20,800 less 5,000, the line's 20,000 capped


def test_a_hold_ends_without_money_when_the_solution_is_carried_out():
    held = [("ticket.opened", 0 * H, SILENT[0][2] | {"case_type": "return_filed_as_exchange"})]
    executed = ("ticket.solution_executed", 14 * H, {"remedy": {"type": "exchange"}})
    events = said(lines(*held, executed, ("ticket.goods_returned", 15 * H, {})))
    assert of(events, "compensation.held")
    assert not of(events, "compensation.decided")


def test_a_hold_outlives_the_resolution_but_not_a_withdrawal():
    held = [("ticket.opened", 0 * H, SILENT[0][2] | {"case_type": "return_filed_as_exchange"})]
    back = ("ticket.goods_returned", 15 * H, {})
    resolved = said(lines(*held, ("ticket.resolved", 14 * H, {"outcome": "resolved"}), back))
    withdrawn = said(lines(*held, ("ticket.resolved", 14 * H, {"outcome": "withdrawn"}), back))
    assert of(resolved, "compensation.issued")
    assert not of(withdrawn, "compensation.decided")


def test_a_days_budget_of_the_policy_holds_what_exceeds_it_for_approval():
    policy = load(default_text().replace("budgets: {per_day: null}", "budgets: {per_day: 30000}"))
    orders = [ORDER | {"order_id": f"O-{number}"} for number in (1, 2)]
    stream = [
        line(what, WEDNESDAY + at, data | ({"order": orders[n]} if "order" in data else {}), subject=f"T-{n + 1}")
        for what, at, data in SILENT
        for n in (0, 1)
    ]
    approvals = [one.fact.to_data()["approval"] for one in of(said(stream, BREACH, policy), "compensation.decided")]
    assert approvals == ["none", "required"]


@pytest.mark.parametrize(
    "by", [{"by": "x", "role": "specialist", "reason": "slow"}, {"role": "manager"}, {"reason": "y"}]
)
def test_an_extension_without_a_leaders_role_and_a_reason_is_none(by):
    extended = ("ticket.extended", 1 * H, {"clock": "dept_reply", "due_at": "2026-05-15T00:00:00Z"} | by)
    events = said(lines(*SILENT, extended), BREACH)
    assert of(events, "sla.deadline_breached", clock="dept_reply")
    assert not of(events, "contact.message_sent", template="deadline_moved")


def test_the_robot_counts_while_it_is_on():
    call = ("ticket.opened", 0 * H, CONSULTATION | {"channel": "phone"})
    robot = ("ticket.contacted", 5 * MIN / 20, {"by": "robot", "about": "greeting", "channel": "phone"})
    switched = line("ticket.robot_switched", WEDNESDAY - H, {"on": True, "reason": "peak"}, subject="tenant/demo")
    assert of(said(lines(call, robot)), "sla.clock_stopped", clock="connect") == []
    assert of(said([switched, *lines(call, robot)]), "sla.clock_stopped", clock="connect", outcome="met")


def test_an_event_before_its_opened_is_an_error_that_names_its_line():
    with pytest.raises(BadLine, match=r"line 2: subject: .*T-9 comes before the ticket is opened"):
        said([*lines(SILENT[0]), line("ticket.assigned", WEDNESDAY, {"owner": "a"}, subject="T-9")])


def test_a_ticket_is_opened_once():
    with pytest.raises(BadLine, match=r"line 2: subject: ticket T-1 was opened before"):
        said(lines(SILENT[0], SILENT[0]))


def test_a_time_that_no_calendar_reaches_is_a_bad_line():
    with pytest.raises(BadLine, match="line 1"):
        said([line("ticket.opened", WEDNESDAY.replace(year=9999, month=12, day=31), CONSULTATION)])


def test_what_is_written_are_whole_events_as_the_services_write_them():
    events = said([*lines(*SILENT, subject='T-"quoted" 售后'), *lines(*SILENT, subject="T-2")][:3], BREACH)
    for one in events:
        written = line_of(one).encode()
        assert written.endswith(b"}\n")
        assert encode_structured(decode((), written)) + b"\n" == written
    sources = {one.source for one in events}
    assert sources == {"/amends/sla", "/amends/compensation", "/amends/notify"}
    for source in sources:
        sequences = [one.sequence for one in events if one.source == source]
        assert sequences == list(range(1, len(sequences) + 1))


def test_causes_are_named_and_timers_have_none():
    opened = line("ticket.opened", WEDNESDAY, SILENT[0][2], id="o-1", correlationid="c-1")
    events = said([opened, *lines(*SILENT[1:])], BREACH)
    started = of(events, "sla.clock_started", clock="contact_interval")[0]
    planned = of(events, "contact.revisit_planned")[0]
    assert (started.causationid, planned.causationid) == ("o-1", started.id)
    assert {one.correlationid for one in events if one.time == WEDNESDAY} == {"c-1"}
    breach = of(events, "sla.deadline_breached", clock="dept_reply")[0]
    decided = of(events, "compensation.decided")[0]
    issued = of(events, "compensation.issued")[0]
    assert (breach.causationid, breach.correlationid) == (None, breach.id)
    assert (decided.causationid, issued.causationid) == (breach.id, decided.id)
    assert {one.correlationid for one in (decided, issued)} == {breach.id}


def test_closed_tickets_are_found_again_wherever_they_lie():
    many = [line(w, WEDNESDAY + at, d, subject=f"T-{n}") for w, at, d in RESOLVED for n in range(6)]
    many += [line("ticket.closed", WEDNESDAY + 2 * H, subject=f"T-{n}") for n in range(6)]
    many += [line("contact.survey_answered", WEDNESDAY + 3 * H, {"rating": 1}, subject=f"T-{n}") for n in range(6)]
    until = WEDNESDAY + 60 * H
    assert written(said(many, until, closed_in_memory_max=1)) == written(said(many, until))
    assert len(of(said(many, until, closed_in_memory_max=1), "ticket.reopened")) == 6


def test_another_policy_decides_otherwise():
    text = default_text().replace(
        "scope: {case_type: [return_refund, exchange, refund_only]}\n    start: department_asked\n    target: 12h",
        "scope: {case_type: [return_refund, exchange, refund_only]}\n    start: department_asked\n    target: 6h",
    )
    assert text != default_text()
    early = of(said(lines(*SILENT), BREACH, load(text)), "compensation.decided")
    late = of(said(lines(*SILENT), BREACH, default_policy()), "compensation.decided")
    assert late[0].time - early[0].time == 6 * H


def test_a_row_for_famous_brands_is_seen_by_the_clocks_too():
    row = "  - {id: J2, clock: ack, scope: {tags: brand}, start: opened_queued, target: 5min, stop: contacted_by_agent}"
    text = default_text().replace("brands: {id: J2, names: []", "brands: {id: J2, names: [Acme]")
    policy = load(text.replace("  # C. Levels\n", f"{row}\n  # C. Levels\n", 1))
    for brand, rule in (("Acme", "J2"), ("Other", "A5")):
        started = said(lines(("ticket.opened", 0 * H, CONSULTATION | {"brand": brand})), policy=policy)
        assert of(started, "sla.clock_started", clock="ack", rule=rule)
