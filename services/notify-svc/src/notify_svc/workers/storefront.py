"""The storefront's message API (CONTRACT §6): it delivers, and its answer decides."""

from typing import Any

import httpx

from amends.service_tokens import ServiceTokens
from notify_svc.decisions.delivery import Result, result_of
from notify_svc.store.messages import Stored


class Storefront:
    """`POST {STOREFRONT_URL}/messages`: the same key and the same body at every try."""

    def __init__(self, base_url: str, client: httpx.AsyncClient, tokens: ServiceTokens, timeout_s: float) -> None:
        self._url = base_url.rstrip("/") + "/messages"
        self._client = client
        self._tokens = tokens
        self._timeout_s = timeout_s

    async def deliver(self, stored: Stored) -> Result:
        """Hand the message over. No answer means that its outcome is unknown: it goes again."""
        headers = await self._tokens.bearer(stored.tenant)
        headers |= {"Idempotency-Key": str(stored.message_id)}
        if stored.cause.traceparent:
            headers["traceparent"] = stored.cause.traceparent
        try:
            answer = await self._client.post(self._url, json=_body(stored), headers=headers, timeout=self._timeout_s)
        except httpx.HTTPError as error:
            return Result("later", repr(error)[:500])
        return result_of(answer.status_code, answer.text[:300])


def _body(stored: Stored) -> dict[str, Any]:
    body = {
        "message_id": str(stored.message_id),
        "ticket_id": stored.ticket_id,
        "to": stored.message.to,
        "address": stored.address,
        "template": stored.message.template,
        "language": stored.language,
        "text": stored.text,
    }
    return {name: value for name, value in body.items() if value is not None}
