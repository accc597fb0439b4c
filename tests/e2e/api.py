"""What tests say to a running suite, as the people and programs that use it would."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import httpx
from tests.e2e.bodies import Json, kind_of, opening, sandbox_order
from tests.e2e.suite import Suite
from tests.e2e.waiting import eventually

from amends.clock import TimeAnchor
from amends.ids import new_id
from amends_cli.suite.folder import ADMIN_CLIENT, SERVICES

WAREHOUSE = "warehouse"
TENANT = "demo"


@dataclass
class Api:
    """One client of one suite. Every call that is refused fails the test with what the service said."""

    endpoints: Mapping[str, str]
    secret: str
    anchor: TimeAnchor
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False, timeout=60))
    _tokens: dict[tuple[str, str | None], str] = field(default_factory=dict)

    @classmethod
    def of(cls, suite: Suite) -> Self:
        return cls(suite.endpoints, suite.folder.client_secrets()[ADMIN_CLIENT], suite.anchor())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def token(self, role: str, subject: str | None = None) -> str:
        key = (role, subject)
        if key not in self._tokens:
            form = {"grant_type": "client_credentials", "client_id": ADMIN_CLIENT, "client_secret": self.secret}
            form |= {"role": role, "tenant": TENANT} | ({"subject": subject} if subject else {})
            answer = await self.http.post(f"{self.endpoints['issuer']}/token", data=form)
            assert answer.status_code == 200, answer.text
            self._tokens[key] = answer.json()["access_token"]
        return self._tokens[key]

    async def call(
        self,
        method: str,
        url: str,
        *,
        role: str = "service",
        subject: str | None = None,
        body: Any = None,
        key: str | None = None,
    ) -> httpx.Response:
        """Send a request to `service/path` (`intake/tickets`) or to a whole URL, and return the answer as it is."""
        headers = {"Authorization": f"Bearer {await self.token(role, subject)}"}
        if method == "POST":
            headers["Idempotency-Key"] = key or str(new_id())
        return await self.http.request(method, self._url(url), headers=headers, json=body)

    async def done(self, method: str, url: str, **how: Any) -> Any:
        """Send a request that must succeed, and return its JSON."""
        answer = await self.call(method, url, **how)
        assert answer.is_success, f"{method} {url} was refused ({answer.status_code}): {answer.text}"
        return answer.json()

    def _url(self, url: str) -> str:
        if url.startswith("http"):
            return url
        service, _, path = url.partition("/")
        root = self.endpoints[service]
        return f"{root}/v1/{path}" if service in SERVICES else f"{root}/{path}"

    def now(self) -> datetime:
        """The suite's domain time."""
        return self.anchor.now()

    def real_s(self, domain: timedelta) -> float:
        """How long a domain duration takes in real seconds."""
        return self.anchor.real_delay(domain).total_seconds()

    # tickets

    async def open(self, case_type: str = "refund_only", *, order: Json | None = None, **more: Any) -> Json:
        """Open a ticket as a storefront does, over an order that the storefront knows."""
        body = opening(case_type, order=order, **more)
        if body.get("order"):
            await self.put_order(body["order"])
        ticket: Json = await self.done("POST", "intake/tickets", role="storefront", subject="shop", body=body)
        return ticket

    async def put_order(self, order: Json) -> None:
        await self.done("PUT", f"sandbox/orders/{order['order_id']}", body=sandbox_order(order))

    async def step(self, ticket: str, noun: str, body: Json, *, role: str = "specialist", **how: Any) -> Json:
        """Take a step of a ticket and return its event."""
        event: Json = await self.done("POST", f"intake/tickets/{ticket}/{noun}", role=role, body=body, **how)
        return event

    async def ask(self, ticket: str, department: str = WAREHOUSE) -> Json:
        return await self.step(ticket, "department-requests", {"department": department})

    async def reply(self, ticket: str, department: str = WAREHOUSE) -> Json:
        """Reply effectively, as the department."""
        body = {"department": department, "effective": True, "decision": "accepted"}
        return await self.step(ticket, "department-replies", body, role="department", subject=department)

    async def open_and_ask(self, case_type: str = "refund_only", **more: Any) -> str:
        """Open a ticket, ask the warehouse about it, and return its id."""
        ticket_id = str((await self.open(case_type, **more))["ticket_id"])
        await self.ask(ticket_id)
        return ticket_id

    async def open_many(self, count: int, case_type: str = "refund_only") -> list[str]:
        """Open that many tickets and ask the warehouse about each, a few at a time."""
        gate = asyncio.Semaphore(8)

        async def one() -> str:
            async with gate:
                return await self.open_and_ask(case_type)

        return await asyncio.gather(*(one() for _ in range(count)))

    # what became of them

    async def clocks(self, ticket: str) -> list[Json]:
        answer = await self.call("GET", f"sla/tickets/{ticket}/clocks")
        if answer.status_code == 404:  # sla has not seen it yet
            return []
        assert answer.is_success, answer.text
        return list(answer.json()["items"])

    async def clock(self, ticket: str, name: str) -> Json | None:
        """The latest run of a clock."""
        runs = [clock for clock in await self.clocks(ticket) if clock["clock"] == name]
        return max(runs, key=lambda clock: clock["run"], default=None)

    async def until_clock(self, ticket: str, name: str, state: str, within_s: float) -> Json:
        async def look() -> Json | None:
            clock = await self.clock(ticket, name)
            return clock if clock and clock["state"] == state else None

        found = await eventually(look, within_s, f"clock {name} of {ticket} is {state}")
        assert found
        return found

    async def events(self, service: str, ticket: str | None = None, *kinds: str) -> list[Json]:
        """All events that a service published: of one ticket, of these kinds (`deadline_breached`)."""
        found = await self.events_after(service, None, ticket)
        return [event for event in found if not kinds or kind_of(event) in kinds]

    async def events_after(self, service: str, last_id: str | None, ticket: str | None = None) -> list[Json]:
        """The events of a service after the one of that id, all pages of them."""
        found: list[Json] = []
        queries = [f"{name}={value}" for name, value in (("after", last_id), ("ticket", ticket)) if value]
        url: str | None = f"{service}/events?{'&'.join(['limit=5000', *queries])}"
        while url:
            answer = await self.call("GET", url)
            assert answer.is_success, answer.text
            found += [json.loads(line) for line in answer.text.splitlines()]
            url = answer.links.get("next", {}).get("url")
        return found

    async def dead_letters(self) -> list[Json]:
        """What any service could not apply."""
        return [letter for service in SERVICES for letter in await self.listed(f"{service}/dlq")]

    async def remedies(self, ticket: str) -> list[Json]:
        return await self.listed(f"compensation/remedies?ticket={ticket}")

    async def listed(self, url: str) -> list[Json]:
        """All items of a list, page after page."""
        found: list[Json] = []
        following: str | None = url
        while following:
            answer = await self.call("GET", following)
            assert answer.is_success, f"GET {following}: {answer.status_code} {answer.text}"
            found += answer.json()["items"]
            following = answer.links.get("next", {}).get("url")
        return found

    async def until_issued(self, ticket: str, within_s: float) -> Json:
        """Wait for a ticket's remedy to be issued, and return it."""

        async def look() -> Json | None:
            return next((r for r in await self.remedies(ticket) if r["state"] == "issued"), None)

        found = await eventually(look, within_s, f"a remedy of {ticket} is issued")
        assert found
        return found

    async def storefront_payments(self) -> list[Json]:
        """What the storefront says it paid, for the whole suite."""
        return list((await self.done("GET", "sandbox/ledger"))["items"])

    async def paid(self, tickets: Sequence[str]) -> list[Json]:
        """What the storefront says it paid for these tickets."""
        wanted = set(tickets)
        return [payment for payment in await self.storefront_payments() if payment["ticket_id"] in wanted]

    async def inbox(self, ticket: str) -> list[Json]:
        return list((await self.done("GET", f"sandbox/inbox?ticket={ticket}"))["items"])

    async def metric(self, root: str, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels, at a service's root URL."""
        text = (await self.http.get(f"{root}/metrics")).text
        return sum(
            float(line.rpartition(" ")[2])
            for line in text.splitlines()
            if line.startswith((f"{name}{{", f"{name} "))
            and all(f'{label}="{value}"' in line for label, value in labels.items())
        )
