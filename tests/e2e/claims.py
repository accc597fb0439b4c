"""What must be true of tickets, whatever happened to the processes meanwhile."""

from collections import Counter
from collections.abc import Sequence

from tests.e2e.api import Api
from tests.e2e.bodies import Json, kind_of
from tests.e2e.waiting import eventually

from amends_cli.suite.folder import SERVICES

_ONCE = {
    "deadline_breached": ("clock", "run", "step"),
    "clock_started": ("clock", "run"),
    "clock_stopped": ("clock", "run"),
    "penalty_incurred": (),
    "decided": ("clock", "step"),
    "issued": ("remedy_id",),
    "charged_back": ("remedy_id",),
}
"""What may be published of a ticket once at most, and by which fields two of a kind differ (CONTRACT §3)."""


async def nothing_happened_twice(api: Api, ticket: str) -> None:
    """Hold a ticket with a remedy to exactly-once: gapless sequences, no event id, breach, payment or message twice."""
    [decided] = await eventually(
        lambda: api.events("compensation", ticket, "decided"), 20, f"the remedy of {ticket} is published"
    )
    if decided["data"]["amount"]:  # a remedy of nothing moves no money: it stays decided
        await eventually(
            lambda: api.events("compensation", ticket, "issued"), 20, f"the refund of {ticket} is published"
        )
    await breached_once(api, ticket)
    for service in SERVICES:
        events = await api.events(service, ticket)
        sequences = [int(event["sequence"]) for event in events]
        assert sequences == list(range(1, len(events) + 1)), f"{service}: {sequences}"
        assert len({event["id"] for event in events}) == len(events)
        for kind, by in _ONCE.items():
            counts = Counter(
                tuple(event["data"].get(name) for name in by) for event in events if kind_of(event) == kind
            )
            assert all(count == 1 for count in counts.values()), f"{service} {kind}: {counts}"
    messages = Counter((message["template"], message["to"]) for message in await api.inbox(ticket))
    assert all(
        messages[template] <= 1 for template in (("ticket_received", "customer"), ("remedy_issued", "customer"))
    ), messages


async def breached_once(api: Api, ticket: str, clock: str = "dept_reply") -> Json:
    """Hold a ticket to exactly one breach of a clock, and return its data.

    Waits for it: events are listed once a watermark has passed them, which may be after others have acted on them.
    """

    async def breaches() -> list[Json]:
        events = await api.events("sla", ticket, "deadline_breached")
        return [event["data"] for event in events if event["data"]["clock"] == clock]

    found = await eventually(breaches, 20, f"the breach of {clock} of {ticket} is published")
    assert len(found) == 1, found
    return found[0]


async def no_money_moved(api: Api, *tickets: str) -> None:
    """Hold tickets to no breach of the department's clock, no remedy, no payment."""
    for ticket in tickets:
        breaches = await api.events("sla", ticket, "deadline_breached")
        assert [b for b in breaches if b["data"]["clock"] == "dept_reply"] == []
        assert await api.remedies(ticket) == []
    assert await api.paid(tickets) == []


async def ledger_sums_to_zero(api: Api) -> list[Json]:
    """Hold the ledger, and each movement in it, to zero; return its entries."""
    entries = await api.listed("compensation/ledger?limit=500")
    sums: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        sums[entry["movement_id"], entry["currency"]] += entry["amount"]
    assert entries
    assert all(total == 0 for total in sums.values()), {key: total for key, total in sums.items() if total}
    return entries


async def ledgers_agree(api: Api, tickets: Sequence[str]) -> None:
    """Hold what we say was paid for these tickets to what the storefront says it paid, movement by movement."""
    wanted = set(tickets)
    entries = [entry for entry in await ledger_sums_to_zero(api) if entry["ticket_id"] in wanted]
    ours = Counter(
        (entry["ticket_id"], entry["remedy_id"], entry["amount"], entry["currency"])
        for entry in entries
        if entry["kind"] == "issue" and entry["amount"] > 0
    )
    theirs = Counter(
        (payment["ticket_id"], payment["reference"], payment["amount"], payment["currency"])
        for payment in await api.paid(tickets)
    )
    assert ours == theirs, f"only ours: {ours - theirs}; only the storefront's: {theirs - ours}"
