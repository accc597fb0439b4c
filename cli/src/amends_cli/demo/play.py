"""Plays one case: its order, its ticket, its steps, each at its time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import takewhile
from typing import Any

from amends.clock import TimeAnchor
from amends.events.compensation import CompensationDecided
from amends.events.contact import ContactRevisitPlanned
from amends.events.sla import SlaClockStarted
from amends.instants import format_instant, parse_instant
from amends_cli.demo.calls import Calls, NoAnswer, Refused
from amends_cli.demo.checks import Played
from amends_cli.demo.model import SHOP, Approve, Case, Extend, Revisit, Step, Take
from amends_cli.demo.story import Story
from amends_cli.demo.watch import Watch

_LOOK_S = 0.1


@dataclass
class Player:
    """One ticket's actors. `opened_at` and `asked_at` are the instants that the services recorded."""

    case: Case
    run: str
    calls: Calls
    watch: Watch
    anchor: TimeAnchor
    ticket_id: str | None = None
    problems: list[str] = field(default_factory=list)
    done: bool = False
    _instants: dict[str, datetime] = field(default_factory=dict)

    async def _open(self) -> None:
        """Put the order into the shop and open the ticket."""
        case = self.case
        try:
            if case.order is not None:
                order_id = case.order_id(self.run)
                await self.calls.put("sandbox", f"/orders/{order_id}", case.order.as_json(order_id), SHOP)
            ticket = await self.calls.post("intake", "/v1/tickets", case.body(self.run), SHOP)
            self.ticket_id = str(ticket["ticket_id"])
        except (Refused, NoAnswer) as error:
            self.problems.append(str(error))

    async def play(self, turn: asyncio.Semaphore) -> None:
        """Open the ticket and take every step.

        What is to be done at once is done in one turn, so that a reply follows its request without waiting for others.
        """
        first = self.case.steps
        at_once = list(takewhile(lambda step: isinstance(step, Take) and not step.wait, first))
        async with turn:
            await self._open()
            await self._all(at_once)
        await asyncio.gather(self._all(first[len(at_once) :]), *(self._all([step]) for step in self.case.alongside))
        self.done = True

    async def _all(self, steps: Sequence[Step]) -> None:
        """Take steps one after the other. One that is refused ends them, and is told at the end."""
        if self.ticket_id is None:
            return
        try:
            for step in steps:
                await self._step(step)
        except (Refused, NoAnswer) as error:
            self.problems.append(str(error))

    def played(self) -> Played:
        """Return the case as it stands."""
        return Played(self.case, self.ticket_id, self.story, tuple(self.problems))

    @property
    def story(self) -> Story:
        """What was published about its ticket so far."""
        return Story() if self.ticket_id is None else self.watch.story(self.ticket_id)

    async def _step(self, step: Step) -> None:
        match step:
            case Take():
                await self._take(step)
            case Extend():
                await self._extend(step)
            case Approve():
                await self._approve(step)
            case Revisit():
                await self._revisit(step)

    async def _take(self, step: Take) -> None:
        if step.wait:
            await self._until(await self._instant(step.since) + step.wait)
        event = await self.calls.post("intake", self._path(step.noun), step.body, step.who)
        if step.noun == "department-requests":
            self._instants.setdefault("asked", parse_instant(event["time"]))

    async def _extend(self, step: Extend) -> None:
        """Intake extends a clock that it has seen running: until it has, it says 409."""
        await self._seen(lambda story: any(start.clock == step.clock for start in story.all(SlaClockStarted)))
        due_at = format_instant(await self._instant("opened") + step.until)
        body = {"clock": step.clock, "due_at": due_at, "reason": step.reason}
        while True:
            try:
                await self.calls.post("intake", self._path("extensions"), body, step.who)
            except Refused as refused:
                if refused.status != HTTPStatus.CONFLICT:
                    raise
                await asyncio.sleep(_LOOK_S)
            else:
                return

    async def _approve(self, step: Approve) -> None:
        decided = await self._seen(
            lambda story: next((fact for fact in story.all(CompensationDecided) if fact.clock == step.clock), None)
        )
        path = f"/v1/remedies/{decided.remedy_id}/approval"
        body = {"reason": "核对无误，同意退款"}
        if step.beyond is not None:
            try:
                await self.calls.post("compensation", path, body, step.beyond)
                self.problems.append(f"{step.beyond.role} approved {decided.amount} fen, beyond the role's limit")
            except Refused as refused:
                if refused.status != HTTPStatus.FORBIDDEN:
                    raise
        await self.calls.post("compensation", path, body, step.who)

    async def _revisit(self, step: Revisit) -> None:
        planned = await self._seen(lambda story: next(iter(story.all(ContactRevisitPlanned)), None))
        await self.calls.post(
            "notify", f"/v1/revisits/{planned.revisit_id}/outcome", {"outcome": step.outcome}, step.who
        )

    async def _instant(self, name: str) -> datetime:
        """Return when the ticket was accepted or its department asked, waiting until that was published."""
        if name not in self._instants:
            self._instants[name] = await self._seen(lambda story: getattr(story, _PUBLISHED[name]))
        return self._instants[name]

    async def _seen(self, what: Callable[[Story], Any]) -> Any:
        while not (found := what(self.story)):
            await asyncio.sleep(_LOOK_S)
        return found

    async def _until(self, at: datetime) -> None:
        while (left := at - self.anchor.now()) > timedelta():
            await asyncio.sleep(self.anchor.real_delay(left).total_seconds())

    def _path(self, noun: str) -> str:
        return f"/v1/tickets/{self.ticket_id}/{noun}"


_PUBLISHED = {"opened": "accepted_at", "asked": "asked_at"}
