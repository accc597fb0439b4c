"""Follows what the four services publish, and tells it ticket by ticket."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from amends.events.codec import event_from_json
from amends.events.envelope import Event
from amends_cli.demo.calls import Calls
from amends_cli.demo.story import Story
from amends_cli.suite.folder import SERVICES

_PAGE = 2000


class Watch:
    """What was published so far. Events stay in the order of time below a watermark: nothing comes in behind a cursor."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._last: dict[str, str] = {}
        self._events: dict[str, dict[str, Event]] = defaultdict(dict)

    async def look(self) -> None:
        """Read on from where the last look ended. A service that is away is read at the next look."""
        for service in SERVICES:
            while await self._page(service):
                pass

    def story(self, ticket_id: str) -> Story:
        """Return a ticket's story so far."""
        return Story.of(self._events[ticket_id].values())

    async def _page(self, service: str) -> bool:
        """Read one page; say whether there is another."""
        query: dict[str, Any] = {"limit": _PAGE}
        if service in self._last:
            query["after"] = self._last[service]
        answer = await self._calls.glance(service, "/v1/events", **query)
        if answer is None:
            return False
        events = list(read_lines(answer.text.splitlines()))
        for event in events:
            self._events[event.subject][event.id] = event
        if events:
            self._last[service] = events[-1].id
        return "next" in answer.links and bool(events)


def read_lines(lines: Iterable[str]) -> Iterable[Event]:
    """Read CloudEvents, one JSON object a line."""
    return (event_from_json(json.loads(line)) for line in lines if line.strip())
