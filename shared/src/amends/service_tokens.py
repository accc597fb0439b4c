"""Tokens for services that call services: client credentials from the issuer, one per tenant (DESIGN 15)."""

import asyncio

import httpx

from amends.clock import monotonic_s
from amends.errors import NotYet


class ServiceTokens:
    """Fetches and keeps a token per tenant, until a minute before it ends."""

    def __init__(self, issuer_url: str, client_id: str, client_secret: str, client: httpx.AsyncClient) -> None:
        self._url = issuer_url.rstrip("/") + "/token"
        self._id = client_id
        self._secret = client_secret
        self._client = client
        self._kept: dict[str, tuple[str, float]] = {}
        self._lock = asyncio.Lock()

    async def bearer(self, tenant: str) -> dict[str, str]:
        """Return the `Authorization` header for a tenant. Raises NotYet when the issuer cannot give a token now."""
        async with self._lock:
            token, until_s = self._kept.get(tenant, ("", 0.0))
            if monotonic_s() >= until_s:
                token, until_s = await self._fetch(tenant)
                self._kept[tenant] = (token, until_s)
        return {"Authorization": f"Bearer {token}"}

    async def _fetch(self, tenant: str) -> tuple[str, float]:
        form = {"grant_type": "client_credentials", "tenant": tenant}
        form |= {"client_id": self._id, "client_secret": self._secret}
        try:
            answer = await self._client.post(self._url, data=form, timeout=5)
            answer.raise_for_status()
            body = answer.json()
            return body["access_token"], monotonic_s() + max(5.0, float(body["expires_in"]) - 60)
        except (httpx.HTTPError, KeyError, ValueError) as error:
            raise NotYet(f"the issuer gave no token for tenant {tenant}: {error}") from error
