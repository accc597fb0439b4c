"""Calls to a running suite that outlive a killed service: the same request again, under the same Idempotency-Key."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Self

import httpx

from amends.clock import monotonic_s
from amends.ids import new_id
from amends_cli.demo.model import Who
from amends_cli.suite.folder import ADMIN_CLIENT

TENANT = "demo"
SYSTEM = Who("service")
"""Reads everything of the tenant."""
_TIMEOUT_S = 10.0
_AT_ONCE = 8
"""Requests in flight: more would only queue inside the services."""
_PAUSES_S = (0.1, 0.2, 0.4, 0.8)
RETRY_WITHIN_S = 40.0
"""A service that was killed is back within a few seconds; one that is not back by then has a reason."""


class Refused(Exception):  # noqa: N818 - named after what happened
    """A service said no, for good; the message is its sentence."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class NoAnswer(Exception):  # noqa: N818 - named after what happened
    """A service did not answer, or only with errors of its own, for as long as was waited."""


def heals(answer: httpx.Response) -> bool:
    """Say whether the same request may be answered otherwise a little later: the service's trouble, or it is in flight."""
    return (
        answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS or "Retry-After" in answer.headers
    )


def pause_s(attempt: int) -> float:
    """Return how long to wait after so many attempts, in real seconds."""
    return _PAUSES_S[min(attempt, len(_PAUSES_S)) - 1]


class Calls:
    """Speaks to one suite as whoever is meant; `secret` is that of the client that may take any role."""

    def __init__(
        self,
        endpoints: Mapping[str, str],
        secret: str,
        *,
        retry_within_s: float = RETRY_WITHIN_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._secret = secret
        self._retry_within_s = retry_within_s
        self._http = httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False, transport=transport)
        self._tokens: dict[Who, str] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def post(self, service: str, path: str, body: Any, who: Who) -> Any:
        """POST once, whatever happens on the way, and return the answer's JSON. Raises Refused or NoAnswer."""
        headers = {**await self._bearer(who), "Idempotency-Key": str(new_id())}
        return (await self._insist("POST", service, path, headers=headers, json=body)).json()

    async def put(self, service: str, path: str, body: Any, who: Who) -> Any:
        """PUT and return the answer's JSON. Raises Refused or NoAnswer."""
        return (await self._insist("PUT", service, path, headers=await self._bearer(who), json=body)).json()

    async def get(self, service: str, path: str, **query: Any) -> httpx.Response:
        """GET as the system. Raises Refused or NoAnswer."""
        return await self._insist("GET", service, path, headers=await self._bearer(SYSTEM), params=query or None)

    async def items(self, service: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """GET a whole list, page after page."""
        answer = await self.get(service, path, **query)
        items = list(answer.json()["items"])
        while following := answer.links.get("next"):
            url = httpx.URL(str(answer.url)).join(following["url"])
            answer = await self.get(service, url.raw_path.decode())
            items += answer.json()["items"]
        return items

    async def glance(self, service: str, path: str, **query: Any) -> httpx.Response | None:
        """GET without insisting: None when there is no good answer now. Who watches looks again anyway."""
        try:
            async with self._turn:
                headers = await self._bearer(SYSTEM)
                answer = await self._http.get(self._url(service, path), headers=headers, params=query)
        except (httpx.HTTPError, NoAnswer, Refused):
            return None
        return answer if answer.is_success else None

    async def _bearer(self, who: Who) -> dict[str, str]:
        if who not in self._tokens:
            form = {"grant_type": "client_credentials", "client_id": ADMIN_CLIENT, "client_secret": self._secret}
            form |= {"tenant": TENANT, "role": who.role} | ({"subject": who.subject} if who.subject else {})
            self._tokens[who] = (await self._insist("POST", "issuer", "/token", data=form)).json()["access_token"]
        return {"Authorization": f"Bearer {self._tokens[who]}"}

    async def _insist(self, method: str, service: str, path: str, **options: Any) -> httpx.Response:
        limit_s = monotonic_s() + self._retry_within_s
        attempt = 0
        while True:
            attempt += 1
            said = await self._try(method, service, path, options)
            if isinstance(said, httpx.Response) and not said.is_error:
                return said
            if isinstance(said, httpx.Response) and not heals(said):
                raise Refused(said.status_code, f"{service} refused {method} {path} ({said.status_code}): {told(said)}")
            if monotonic_s() > limit_s:
                reason = told(said) if isinstance(said, httpx.Response) else str(said) or type(said).__name__
                raise NoAnswer(f"{service} gave no answer to {method} {path} in {attempt} tries: {reason}")
            await asyncio.sleep(pause_s(attempt))

    async def _try(self, method: str, service: str, path: str, options: dict[str, Any]) -> httpx.Response | Exception:
        try:
            async with self._turn:
                return await self._http.request(method, self._url(service, path), **options)
        except httpx.HTTPError as error:
            return error

    def _url(self, service: str, path: str) -> str:
        return self._endpoints[service].rstrip("/") + path


def told(answer: httpx.Response) -> str:
    """Return what a problem says, with every single error, or the text as it came."""
    try:
        problem = answer.json()
    except json.JSONDecodeError:
        return answer.text[:500]
    if not isinstance(problem, dict):
        return answer.text[:500]
    sentence = ": ".join(str(problem[key]) for key in ("title", "detail", "error_description") if problem.get(key))
    errors = json.dumps(problem["errors"], ensure_ascii=False) if problem.get("errors") else ""
    return f"{sentence} {errors}".strip()
