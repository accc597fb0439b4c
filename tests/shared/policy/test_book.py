import asyncio
from datetime import UTC, datetime

import pytest

from amends.errors import may_heal
from amends.events.envelope import Event
from amends.policy.book import PolicyBook, PolicyMissing
from amends.policy.load import default_policy


def published(version: int, tenant: str = "demo", title: str | None = None) -> Event:
    body = default_policy().body()
    if title is not None:
        body["title"] = title
    about = f"tenant/{tenant}/{version}"
    return Event(
        id=f"event-{tenant}-{version}",
        source="/amends/sla",
        type="amends.policy.published.v1",
        subject=about,
        time=datetime(2026, 5, 13, tzinfo=UTC),
        partitionkey=about,
        tenantid=tenant,
        data={"version": version, "body": body},
    )


def test_a_ticket_gets_the_version_it_pinned_and_new_tickets_the_newest() -> None:
    book = PolicyBook()
    for event in (published(2, title="two"), published(1, title="one"), published(3, "other", "else")):
        book.add(event)
    assert book.get("demo", 1).title == "one"
    assert (book.latest("demo").version, book.latest("demo").policy.title) == (2, "two")
    assert book.tenants() == ("demo", "other")


def test_a_version_never_changes_once_it_is_known() -> None:
    book = PolicyBook()
    book.add(published(1, title="one"))
    book.add(published(1, title="forged"))
    assert book.get("demo", 1).title == "one"


def test_another_version_is_never_used_instead() -> None:
    book = PolicyBook()
    book.add(published(1))
    with pytest.raises(PolicyMissing, match="version 2"):
        book.get("demo", 2)
    with pytest.raises(PolicyMissing, match="no policy"):
        book.latest("nobody")


async def test_who_waits_for_a_version_gets_it_when_it_arrives() -> None:
    book = PolicyBook()
    waiting = [asyncio.create_task(book.wait_for("demo", 2, timeout_s=10)) for _ in range(3)]
    await asyncio.sleep(0)
    book.add(published(1))
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    book.add(published(2, title="two"))
    assert [policy.title for policy in await asyncio.gather(*waiting)] == ["two"] * 3


async def test_what_is_there_already_is_not_waited_for() -> None:
    book = PolicyBook()
    book.add(published(1))
    assert (await book.wait_for("demo", 1, timeout_s=0)).title == default_policy().title


async def test_waiting_ends_with_an_error_that_may_heal_and_can_be_tried_again() -> None:
    book = PolicyBook()
    with pytest.raises(PolicyMissing) as caught:
        await book.wait_for("demo", 1, timeout_s=0.01)
    assert may_heal(caught.value)
    book.add(published(1))
    assert await book.wait_for("demo", 1, timeout_s=0) == default_policy()
