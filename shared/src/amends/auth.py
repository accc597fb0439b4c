"""Who may: bearer tokens (JWT, keys from the issuer's JWKS), deny by default (DESIGN 15, CONTRACT §6).

A token carries `tenant`, `role` and, for a department, a merchant or a person, `sub`. Every query is bound to the
token's tenant.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from amends.clock import monotonic_s
from amends.http.problems import Problem
from amends.roles import ROLES

AUDIENCE = "amends"
ALGORITHMS = ["ES256", "RS256"]
LEADERS = ("team_leader", "manager", "admin", "service")
AGENTS = ("specialist", *LEADERS)
READERS = (*AGENTS, "analyst")


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever calls. `subject` None: the token names no person, department or merchant; then all of the tenant's."""

    tenant: str
    role: str
    subject: str | None
    client: str

    @property
    def name(self) -> str:
        """Who to write down as the author of a step."""
        return self.subject or self.role


class Keys:
    """The issuer's keys, fetched when needed and kept for ten minutes; an unknown key id fetches once more."""

    def __init__(self, issuer_url: str, client: httpx.AsyncClient, *, keep_s: float = 600, again_s: float = 5) -> None:
        self._url = issuer_url.rstrip("/") + "/.well-known/jwks.json"
        self._client = client
        self._keep_s = keep_s
        self._again_s = again_s
        self._keys: KeySet | None = None
        self._fetched_s = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, *, unknown_key: bool = False) -> KeySet:
        """Return the key set. Raises Problem 503 when the issuer cannot be asked and nothing is kept."""
        async with self._lock:
            age_s = monotonic_s() - self._fetched_s
            if self._keys is None or age_s > self._keep_s or (unknown_key and age_s > self._again_s):
                await self._fetch()
            if self._keys is None:
                raise Problem(503, "Tokens cannot be checked", "the issuer does not answer; try again shortly")
            return self._keys

    async def _fetch(self) -> None:
        try:
            answer = await self._client.get(self._url, timeout=5)
            answer.raise_for_status()
            self._keys = KeySet.import_key_set(answer.json())
            self._fetched_s = monotonic_s()
        except (httpx.HTTPError, ValueError, JoseError) as error:
            if self._keys is None:
                raise Problem(503, "Tokens cannot be checked", f"the issuer does not answer: {error}") from error


class Verifier:
    """Turns a bearer token into a Principal."""

    def __init__(self, issuer_url: str, keys: Keys) -> None:
        self._keys = keys
        self._claims = jwt.JWTClaimsRegistry(
            leeway=30,
            iss={"essential": True, "value": issuer_url.rstrip("/")},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            tenant={"essential": True},
            role={"essential": True, "values": list(ROLES)},
        )

    async def principal(self, authorization: str | None) -> Principal:
        """Check an `Authorization` header. Raises Problem 401 that says what is wrong."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorised("send `Authorization: Bearer <token>`; in demo: `amends token --role ROLE`")
        claims = await self._decoded(token)
        try:
            self._claims.validate(claims)
        except JoseError as error:
            raise unauthorised(f"the token is not acceptable: {error}") from error
        subject = claims.get("sub")
        return Principal(
            claims["tenant"], claims["role"], subject, claims.get("client_id") or subject or claims["role"]
        )

    async def _decoded(self, token: str) -> dict[str, Any]:
        for unknown_key in (False, True):
            try:
                return jwt.decode(token, await self._keys.get(unknown_key=unknown_key), algorithms=ALGORITHMS).claims
            except (JoseError, ValueError) as error:
                failure: Exception = error
        raise unauthorised(f"the token's signature cannot be checked: {failure}") from failure


def unauthorised(detail: str) -> Problem:
    """Return the 401 problem, with the header that the standard asks for."""
    return Problem(401, "No valid token", detail, headers={"WWW-Authenticate": 'Bearer realm="amends"'})


async def principal_of(request: Request) -> Principal:
    """Return who calls; the app keeps its Verifier in `app.state.verifier`."""
    verifier: Verifier = request.app.state.verifier
    return await verifier.principal(request.headers.get("Authorization"))


Caller = Annotated[Principal, Depends(principal_of)]
"""For endpoints that every role may call."""


def allow(*roles: str) -> Callable[[Request], Awaitable[Principal]]:
    """Return a dependency: the caller, if the role is one of these; 403 otherwise.

    Use: `caller: Annotated[Principal, Depends(allow(*AGENTS))]`.
    """

    async def dependency(request: Request) -> Principal:
        caller = await principal_of(request)
        if caller.role not in roles:
            raise Problem(
                403, "Not allowed", f"role {caller.role} may not do this; it takes one of: {', '.join(roles)}"
            )
        return caller

    return dependency
