"""The demo's token issuer: who gets which token, and how it is signed and checked (DESIGN 15).

It stands in for an organisation's OpenID provider, for client credentials only, in demo and test only.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from amends.auth import AUDIENCE
from amends.roles import ROLES
from amends_sandbox.settings import Client

ALGORITHM = "ES256"
SCOPE = "amends"
TOKEN_LIFE_S = 3_600
"""Tokens live an hour of real time: a fast demo clock must not age them."""
ADMIN_CLIENT_ID = "amends-cli"
"""The only client that may name a role and a subject: what `amends token` is."""


class TokenRefused(Exception):  # noqa: N818 - it is an answer of OAuth, not a fault
    """The issuer says no. Carries the error code of RFC 6749 §5.2 and a sentence for people."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class TokenInvalid(Exception):  # noqa: N818 - as above
    """The token was not made by this issuer, was changed, is for someone else, or has ended."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token will say of its bearer. No subject: none was given, never an empty one."""

    client_id: str
    tenant: str
    role: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the token says."""

    tenant: str
    role: str


def grant(form: Mapping[str, str], clients: Mapping[str, Client]) -> Grant:
    """Decide what a token request gets.

    Raises:
        TokenRefused: not client_credentials, unknown client or wrong secret (not told apart), a tenant that is not
            the client's, or a role or subject asked for by any client but the admin's.
    """
    if form.get("grant_type") != "client_credentials":
        raise TokenRefused("unsupported_grant_type", "grant_type must be client_credentials")
    client_id = form.get("client_id", "")
    client = clients.get(client_id)
    given = form.get("client_secret", "").encode()
    if client is None or not hmac.compare_digest(given, client.secret.get_secret_value().encode()):
        raise TokenRefused("invalid_client", "client_id or client_secret is wrong")
    tenant = form.get("tenant", "")
    if not tenant:
        raise TokenRefused("invalid_request", "tenant is missing")
    if not client.may_act_for(tenant):
        raise TokenRefused("unauthorized_client", f"{client_id} may not act for tenant {tenant}")
    role, subject = form.get("role") or None, form.get("subject") or None
    if (role or subject) and client_id != ADMIN_CLIENT_ID:
        raise TokenRefused("unauthorized_client", f"only {ADMIN_CLIENT_ID} may name a role or a subject")
    if role and role not in ROLES:
        raise TokenRefused("invalid_request", f"role must be one of {', '.join(ROLES)}")
    return Grant(client_id, tenant, role or client.role, subject)


def new_key() -> dict[str, Any]:
    """Make a signing key, private part included, as a JWK; its id is its thumbprint."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM})
    return {**key.as_dict(private=True), "kid": key.thumbprint()}


class Issuer:
    """Signs and checks with one key, under one public URL."""

    def __init__(self, jwk: Mapping[str, Any], url: str) -> None:
        self._key = ECKey.import_key(dict(jwk))
        self._kid = str(jwk["kid"])
        self.url = url

    def public_keys(self) -> dict[str, Any]:
        """Return the JWKS that others check tokens with; the private part stays here."""
        return {"keys": [{**self._key.as_dict(private=False), "kid": self._kid}]}

    def metadata(self) -> dict[str, Any]:
        """Return what OpenID Connect Discovery asks an issuer to say of itself, as far as it applies here."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks.json",
            "token_endpoint": f"{self.url}/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "scopes_supported": [SCOPE],
        }

    def sign(self, granted: Grant, now: datetime) -> str:
        """Return the token for a grant, valid for `TOKEN_LIFE_S` from `now` (real time)."""
        issued_at = int(now.timestamp())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": AUDIENCE,
            "client_id": granted.client_id,
            "tenant": granted.tenant,
            "role": granted.role,
            "scope": SCOPE,
            "iat": issued_at,
            "exp": issued_at + TOKEN_LIFE_S,
        }
        if granted.subject is not None:
            claims["sub"] = granted.subject
        return jwt.encode({"alg": ALGORITHM, "kid": self._kid}, claims, self._key)

    def check(self, token: str, now: datetime) -> Caller:
        """Return who bears a token of this issuer. The public URL may have changed since: the key is what counts.

        Raises:
            TokenInvalid: anything else.
        """
        rules = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            tenant={"essential": True},
            role={"essential": True},
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            raise TokenInvalid(str(error)) from error
        return Caller(str(claims["tenant"]), str(claims["role"]))
