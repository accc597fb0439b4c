"""Random tickets lived on a running suite: the steps of `random_streams`, taken through the services' own APIs."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from tests.e2e.api import Api
from tests.e2e.waiting import eventually
from tests.simulate import random_streams

from amends.ids import new_id

NOUNS = {
    "contacted": "contacts",
    "department_asked": "department-requests",
    "department_replied": "department-replies",
    "assessed": "assessment",
    "liability_found": "liability",
    "customer_asked": "customer-questions",
    "customer_replied": "customer-replies",
    "goods_returned": "goods-returns",
    "solution_proposed": "proposals",
    "solution_executed": "executions",
    "extended": "extensions",
    "escalated": "escalations",
    "reclassified": "classification",
    "resolved": "resolution",
    "closed": "closure",
    "reopened": "reopening",
}
LEADERS_STEPS = {"liability", "extensions"}
NO_SUCH_STEP_NOW = {403, 404, 409, 422}
"""The services refuse what the ticket's state does not allow: such a step is no event, live or simulated."""
AT_ONCE = 8
REOPENED_WITHIN_S = 120.0


class Lives:
    """So many tickets, opened within `opening`, each with some steps within `span` after that; domain time."""

    def __init__(self, api: Api, seed: int, tickets: int, *, opening: timedelta, span: timedelta) -> None:
        self._api = api
        self._seed = seed
        self._tickets = tickets
        self._opening = opening
        self._span = span
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.taken = 0
        self.refused = 0

    async def live(self) -> None:
        """Return when every ticket's last step was taken."""
        begun = self._api.now()
        async with asyncio.TaskGroup() as group:
            for number in range(self._tickets):
                group.create_task(self._one(Random(self._seed * 10_000 + number), begun))

    async def _one(self, random: Random, begun: datetime) -> None:
        opened_at = begun + self._opening * random.random()
        offsets = sorted(random.random() ** 2 for _ in range(random.randrange(2, 9)))
        await self._until(opened_at)
        async with self._turn:
            ticket = await self._open(random)
        for offset in offsets:
            await self._until(opened_at + self._span * offset)
            async with self._turn:
                await self._step(random, ticket)

    async def _until(self, at: datetime) -> None:
        await asyncio.sleep(
            max(0.0, self._api.real_s(at - self._api.now()))
        )  # the script's own time, no waiting for others

    async def _open(self, random: Random) -> str:
        name = str(new_id())
        body = random_streams.opened(random, 0) | {"description": "…"}
        body["customer"] = {"customer_id": f"C-{name}"}
        if "order" in body:
            body["order"] |= {"order_id": f"O-{name}"}
            await self._api.put_order(body["order"])
        ticket = await self._api.done("POST", "intake/tickets", role="storefront", subject="shop", body=body)
        self.taken += 1
        return str(ticket["ticket_id"])

    async def _step(self, random: Random, ticket: str) -> None:
        what, data = random_streams.step(random, self._api.now())
        topic, name = what.split(".")
        if topic == "compensation":
            await self._decide(ticket, "approval" if name == "approved" else "rejection")
        elif name == "revisit_done":
            await self._revisit(ticket, data["outcome"])
        elif name == "feedback_given":
            await self._try("notify/feedback", "specialist", {"ticket_id": ticket, "form": "written"})
        elif name in NOUNS:
            await self._take(ticket, NOUNS[name], data)

    async def _take(self, ticket: str, noun: str, data: dict[str, Any]) -> None:
        role = "team_leader" if noun in LEADERS_STEPS else "specialist"
        role = "service" if data.get("by") == "robot" else role
        body = {name: value for name, value in data.items() if noun == "contacts" or name not in {"by", "role"}}
        await self._try(f"intake/tickets/{ticket}/{noun}", role, body)

    async def _decide(self, ticket: str, noun: str) -> None:
        waiting = [one for one in await self._api.remedies(ticket) if one.get("approval") == "required"]
        if waiting:
            await self._try(f"compensation/remedies/{waiting[0]['remedy_id']}/{noun}", "manager", {})

    async def _revisit(self, ticket: str, outcome: str) -> None:
        planned = await self._api.listed(f"notify/revisits?ticket={ticket}&state=open")
        if planned:
            await self._try(f"notify/revisits/{planned[0]['revisit_id']}/outcome", "specialist", {"outcome": outcome})
            if outcome == "not_solved":
                await eventually(partial(self._is_open, ticket), REOPENED_WITHIN_S, f"{ticket} is open (H6)")

    async def _is_open(self, ticket: str) -> bool:
        """A person who reopened it first would leave H6 nothing to do."""
        seen = await self._api.done("GET", f"intake/tickets/{ticket}")
        return seen["status"] not in {"resolved", "closed"}

    async def _try(self, url: str, role: str, body: dict[str, Any]) -> None:
        answer = await self._api.call("POST", url, role=role, body=body)
        assert answer.is_success or answer.status_code in NO_SUCH_STEP_NOW, f"{url}: {answer.status_code} {answer.text}"
        self.taken += answer.is_success
        self.refused += not answer.is_success
