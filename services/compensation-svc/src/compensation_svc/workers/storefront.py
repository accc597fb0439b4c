"""The storefront's money API (CONTRACT §6): send one call, ask about one reference. Never raises for what it answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from amends.tracing import current_traceparent
from compensation_svc.decisions.calls import Asked, Outcome, Unknown, asked_of, outcome_of

Bearer = Callable[[str], Awaitable[Mapping[str, str]]]
"""Returns the `Authorization` header for a tenant."""


@dataclass(frozen=True, slots=True)
class Storefront:
    """A port to the money API. A call that takes longer than `timeout_s` in all has an unknown outcome."""

    http: httpx.AsyncClient
    base_url: str
    bearer: Bearer
    timeout_s: float

    async def send(self, tenant: str, path: str, body: str, reference: str) -> Outcome:
        """Send a call, body as it was written down, its key the reference. Raises NotYet when no token is to be had."""
        headers = {"Idempotency-Key": reference, "Content-Type": "application/json"}
        answer = await self._request(tenant, "POST", path, headers=headers, content=body.encode())
        return answer if isinstance(answer, Unknown) else outcome_of(answer.status_code, _json(answer))

    async def ask(self, tenant: str, path: str, reference: str) -> Asked:
        """Ask what became of a reference. Raises NotYet when no token is to be had."""
        answer = await self._request(tenant, "GET", path, params={"reference": reference})
        return answer if isinstance(answer, Unknown) else asked_of(answer.status_code, _json(answer), reference)

    async def _request(
        self, tenant: str, method: str, path: str, *, headers: Mapping[str, str] | None = None, **rest: Any
    ) -> httpx.Response | Unknown:
        every = {**await self.bearer(tenant), **(headers or {})}
        if traceparent := current_traceparent():
            every["traceparent"] = traceparent
        url = f"{self.base_url.rstrip('/')}/{path}"
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self.http.request(method, url, headers=every, timeout=self.timeout_s, **rest)
        except (httpx.HTTPError, TimeoutError) as error:
            return Unknown(f"no answer to {method} /{path}: {type(error).__name__}")


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
