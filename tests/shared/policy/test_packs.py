"""The packs that ship beside the default policy, and policies that say only how they differ from one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from tests.shared.policy.bodies import default_raw, findings

from amends.policy.choose import TicketFacts, row_for
from amends.policy.due import due
from amends.policy.load import default_policy, load, pack
from amends.policy.model import Policy
from amends.policy.packs import PACKS, pack_text, spelled_out
from amends.policy.rows import ClockRow
from amends.policy.text import read_yaml

H = timedelta(hours=1)


def asked(policy: Policy, case_type: str) -> ClockRow:
    row = row_for(policy, "dept_reply", TicketFacts("t", frozenset(), case_type, 3, "app", "complaint"))
    assert row is not None
    return row


@pytest.mark.parametrize("name", PACKS)
def test_every_pack_is_accepted_and_reads_back_as_it_was_published(name: str) -> None:
    assert findings(pack_text(name)) == []
    assert load(pack(name).body()) == pack(name)


@pytest.mark.parametrize("name", [name for name in PACKS if name != "default"])
def test_a_pack_after_a_platform_says_that_it_is_not_the_platforms_own(name: str) -> None:
    assert "unofficial" in pack(name).title
    assert " NOT " in pack_text(name).splitlines()[0]


@pytest.mark.parametrize(
    ("case_type", "hours", "percent", "amount_min", "amount_max"),
    [
        ("late_dispatch", 48, 30, 500, 50_000),  # 30 % of paid, CNY 5 to 500
        ("paper_invoice", 36, 10, None, 30_000),  # 10 % of paid, at most CNY 300
        ("e_invoice", 24, 10, None, 30_000),
    ],
)
def test_tmall_pays_a_percentage_of_paid_between_its_floor_and_cap(
    case_type: str, hours: int, percent: int, amount_min: int | None, amount_max: int
) -> None:
    row = asked(pack("tmall"), case_type)
    step = row.remedy(1)
    assert step is not None
    assert (row.target, step.remedy, step.amount) == (hours * H, "cash_voucher", "percent_of_paid")
    assert (step.percent, step.amount_min, step.amount_max) == (Decimal(percent), amount_min, amount_max)
    assert row.started_clocks(1) == ()


def test_tmall_leaves_late_delivery_to_the_default_policy() -> None:
    row, default = asked(pack("tmall"), "late_delivery"), asked(default_policy(), "late_delivery")
    assert (row.id, row.target, row.on_breach) == (default.id, default.target, default.on_breach)


@pytest.mark.parametrize(
    ("asked_at", "due_at"),
    [
        ("2026-05-13T09:00+08:00", "2026-05-13T12:00+08:00"),
        ("2026-05-13T16:30+08:00", "2026-05-14T10:30+08:00"),  # 1.5 h today, 1.5 h tomorrow
        ("2026-05-15T20:00+08:00", "2026-05-18T12:00+08:00"),  # Friday evening to Monday
        ("2026-09-30T17:00+08:00", "2026-10-08T11:00+08:00"),  # over National Day: 1 h before, 2 h after
    ],
)
def test_jd_answers_an_urging_within_three_hours_of_workdays_nine_to_six(asked_at: str, due_at: str) -> None:
    row = asked(pack("jd"), "urging")
    found = due(row, datetime.fromisoformat(asked_at), pack("jd"))
    assert found.due_at == datetime.fromisoformat(due_at).astimezone(UTC)
    assert [step.warn for step in row.warnings(1)] == ["team_leader"]


def test_a_jd_claim_passes_by_itself_after_a_day() -> None:
    row = asked(pack("jd"), "return_refund")
    step = row.remedy(1)
    assert step is not None
    assert (row.target, step.remedy, step.approval) == (24 * H, "full_refund", "none")


def test_what_a_policy_does_not_say_is_that_of_the_pack_it_extends() -> None:
    own = load("extends: default\ntitle: ours\namounts: {limits: {agent: 1}}\nmessages: []\n")
    default = default_policy()
    assert own.title == "ours"
    assert own.amounts.limits == default.amounts.limits.model_copy(update={"agent": 1})
    assert own.amounts.voucher == default.amounts.voucher
    assert own.clocks == default.clocks
    assert (default.messages != (), own.messages) == (True, ())


def test_a_row_of_the_same_name_is_replaced_in_its_place_and_others_are_added() -> None:
    raw = spelled_out(
        {"extends": "default", "clocks": [{"id": "B2", "clock": "dept_reply"}, {"id": "X", "clock": "ack"}]}
    )
    before = [(row["id"], row["clock"]) for row in default_raw()["clocks"]]
    assert [(row["id"], row["clock"]) for row in raw["clocks"]] == [*before, ("X", "ack")]
    assert raw["clocks"][before.index(("B2", "dept_reply"))] == {"id": "B2", "clock": "dept_reply"}


def test_a_whole_policy_stays_as_it_is() -> None:
    assert spelled_out(read_yaml(pack_text("default"))) == read_yaml(pack_text("default"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("extends: taobao\n", "policy: extends: there is no pack 'taobao'; there are default, tmall, jd"),
        ("extends: [default]\n", "policy: extends: there is no pack ['default']; there are default, tmall, jd"),
        ("extends: default\nwithout: B6\n", "policy: without: the pack has no clock row 'B6'"),
        ("extends: default\nwithout: 6\n", "policy: without: a list of clock rows such as B6/dept_reply"),
        ("extends: default\nwithout: [[B6]]\n", "policy: without: a list of clock rows such as B6/dept_reply"),
        ("extends: default\nclocks: [7]\n", "clocks number 36: Input should be a valid dictionary or instance of"),
        ("extends: default\nwithout: G1/escalate\n", "clocks of escalate: there is no row at all"),
        ("without: B6/dept_reply\n", "without: unknown name"),
    ],
)
def test_an_extension_of_nothing_is_refused(text: str, told: str) -> None:
    assert any(line.startswith(told) for line in findings(text)), findings(text)
