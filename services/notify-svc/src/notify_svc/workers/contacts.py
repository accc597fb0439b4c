"""Asking intake for a customer's contact data, when a message is sent and not before."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from amends.errors import NotYet
from amends.service_tokens import ServiceTokens


class IntakeContacts:
    """`GET {INTAKE_URL}/v1/contacts/{ref}`, with this service's token for the tenant."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, tokens: ServiceTokens, timeout_s: float) -> None:
        self._base = base_url.rstrip("/") + "/v1/contacts/"
        self._client = client
        self._tokens = tokens
        self._timeout_s = timeout_s

    async def get(self, tenant: str, ref: str) -> Mapping[str, Any] | None:
        """Return name and contacts; None when they were erased. Raises NotYet when intake cannot say now."""
        headers = await self._tokens.bearer(tenant)
        url = self._base + quote(ref, safe="")
        try:
            answer = await self._client.get(url, headers=headers, timeout=self._timeout_s)
            if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return None
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise NotYet(f"intake gives no contact data: {error!r}") from error
        return found if isinstance(found, dict) else None
