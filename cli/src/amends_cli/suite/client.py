"""Speaks to a running suite over HTTP, with tokens of the demo issuer."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from amends.ids import new_id
from amends_cli.errors import CommandFailed, WrongUse
from amends_cli.suite.folder import ADMIN_CLIENT, DataFolder

_TIMEOUT_S = 30.0


class SuiteClient:
    """Calls the services of one suite as this command's own client, which the issuer lets take any role.

    Every failure is a `CommandFailed` with a sentence: the problem's title and detail as the service gave them, or
    which address does not answer.
    """

    def __init__(self, endpoints: Mapping[str, str], secret: str) -> None:
        self._endpoints = endpoints
        self._secret = secret
        self._http = httpx.Client(timeout=_TIMEOUT_S, trust_env=False)
        self._tokens: dict[tuple[str, str], str] = {}

    @classmethod
    def of(cls, data: Path) -> Self:
        """Open the suite that runs from a data folder. Raises WrongUse when none was ever ready there."""
        folder = DataFolder(data)
        endpoints = folder.endpoints()
        if endpoints is None:
            raise WrongUse(f"no suite is ready in {data}: start one with `amends up`, or name its folder with --data")
        return cls(endpoints, folder.client_secrets()[ADMIN_CLIENT])

    def token(self, role: str, tenant: str, subject: str | None = None) -> str:
        """Get a bearer token from the issuer."""
        form = {"grant_type": "client_credentials", "client_id": ADMIN_CLIENT, "client_secret": self._secret}
        form |= {"role": role, "tenant": tenant} | ({"subject": subject} if subject is not None else {})
        answer = self._send("issuer", "POST", "/token", data=form)
        return str(answer.json()["access_token"])

    def get(self, service: str, path: str, tenant: str) -> httpx.Response:
        """GET a path of a service, as `service`, which may read everything of the tenant."""
        return self._send(service, "GET", path, headers=self._bearer(tenant))

    def post(self, service: str, path: str, tenant: str, body: Any) -> httpx.Response:
        """POST JSON to a path of a service."""
        headers = {**self._bearer(tenant), "Idempotency-Key": str(new_id())}
        return self._send(service, "POST", path, headers=headers, json=body)

    def put(self, service: str, path: str, tenant: str, body: Any) -> httpx.Response:
        """PUT JSON to a path of a service."""
        headers = {**self._bearer(tenant), "Idempotency-Key": str(new_id())}
        return self._send(service, "PUT", path, headers=headers, json=body)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def _bearer(self, tenant: str) -> dict[str, str]:
        key = ("service", tenant)
        if key not in self._tokens:
            self._tokens[key] = self.token(*key)
        return {"Authorization": f"Bearer {self._tokens[key]}"}

    def _send(self, service: str, method: str, path: str, **options: Any) -> httpx.Response:
        url = self._endpoints[service].rstrip("/") + path
        try:
            answer = self._http.request(method, url, **options)
        except httpx.HTTPError as error:
            raise CommandFailed(
                f"{service} does not answer at {url}: {error}. Does it run? `amends up` starts it"
            ) from error
        if answer.is_error:
            raise CommandFailed(f"{service} refused {method} {path} ({answer.status_code}): {_said(answer)}")
        return answer


def _said(answer: httpx.Response) -> str:
    """Return what a problem says: title, detail, and every single error."""
    try:
        problem = answer.json()
    except json.JSONDecodeError:
        return answer.text.strip() or answer.reason_phrase
    if not isinstance(problem, dict):
        return answer.text
    sentence = ": ".join(str(problem[key]) for key in ("title", "detail", "error_description") if problem.get(key))
    errors = problem.get("errors") or []
    return "\n  ".join([sentence or answer.text, *(json.dumps(error, ensure_ascii=False) for error in errors)])
