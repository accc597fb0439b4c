"""What becomes of an attempt, and who the message reaches."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.policy.messages import Address, Contacts
from notify_svc.decisions import recipient
from notify_svc.decisions.catalogue import catalogue
from notify_svc.decisions.delivery import Result, Retries, result_of
from notify_svc.decisions.messages import Message
from notify_svc.decisions.recipient import Recipient

ZH = catalogue("zh")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "done"),
        (201, "done"),
        (202, "done"),
        (302, "failed"),
        (400, "failed"),
        (404, "failed"),
        (422, "failed"),
        (401, "later"),  # a token that just ended, a key that was changed
        (409, "later"),  # our own first try is still in flight there
        (429, "later"),
        (500, "later"),
        (503, "later"),
    ],
)
def test_the_storefronts_answer_decides(status: int, outcome: str) -> None:
    assert result_of(status).outcome == outcome


@pytest.mark.parametrize(("attempts", "outcome"), [(1, "later"), (2, "later"), (3, "failed"), (4, "failed")])
def test_what_may_heal_is_given_up_after_the_last_try(attempts: int, outcome: str) -> None:
    assert Retries(3, 1, 300).verdict(Result("later", "500"), attempts).outcome == outcome


@pytest.mark.parametrize("result", [Result("done"), Result("failed", "422")])
def test_a_final_result_stays_whatever_the_number_of_tries(result: Result) -> None:
    assert Retries(3, 1, 300).verdict(result, 99) == result


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_grow_up_to_the_longest_and_are_spread(attempts: int, spread: float) -> None:
    wait_s = Retries(12, 1, 300).wait(attempts, spread).total_seconds()
    whole = min(300.0, 2.0 ** min(attempts - 1, 16))
    assert whole * 0.75 - 1e-6 <= wait_s <= whole * 1.25 + 1e-6


@pytest.mark.parametrize(
    ("contact", "expected"),
    [
        (None, Recipient("尊敬的顾客", None, None)),
        ({"name": "王芳", "contacts": {}}, Recipient("王芳", None, None)),
        ({"name": "王芳", "contacts": {"phone": "138", "email": "w@x.cn"}}, Recipient("王芳", "w@x.cn", "w@x.cn")),
        ({"contacts": {"phone": "138"}}, Recipient("尊敬的顾客", "138", None)),
        ({"name": "王芳", "contacts": {"wechat": "wx1"}}, Recipient("王芳", "wx1", None)),
    ],
)
def test_i4_a_customer_is_reached_by_what_was_left(contact: dict[str, Any] | None, expected: Recipient) -> None:
    assert recipient.customer(contact, ZH) == expected


CONTACTS = Contacts(
    departments={"warehouse": Address(email="w@shop.cn", name="仓库"), "quality": Address(email="q@shop.cn")},
    roles={"team_leader": Address(email="lead@shop.cn", name="李组长")},
    merchants={"M-1": Address(email="m@shop.cn")},
    brands={"Acme": Address(email="care@acme.test", name="Ann", language="en")},
)


@pytest.mark.parametrize(
    ("to", "party", "expected"),
    [
        ("department", "warehouse", Recipient("仓库", "w@shop.cn", "w@shop.cn")),
        ("department", "quality", Recipient("quality", "q@shop.cn", "q@shop.cn")),
        ("department", "logistics", Recipient("logistics", None, None)),
        ("department", None, Recipient("同事", None, None)),
        ("merchant", "M-1", Recipient("M-1", "m@shop.cn", "m@shop.cn")),
        ("brand", "Acme", Recipient("Ann", "care@acme.test", "care@acme.test")),
        ("brand", "Other", Recipient("Other", None, None)),
        ("team_leader", None, Recipient("李组长", "lead@shop.cn", "lead@shop.cn")),
        ("manager", None, Recipient("经理", None, None)),
        ("director", None, Recipient("director", None, None)),
    ],
)
def test_staff_are_reached_by_the_policys_contacts(to: str, party: str | None, expected: Recipient) -> None:
    assert recipient.staff(Message("escalation", to, party, {}), CONTACTS, ZH) == expected
