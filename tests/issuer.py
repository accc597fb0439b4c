"""A token issuer for tests of HTTP doors: tokens signed by a key made here, keys at hand without asking anybody."""

from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from amends.auth import AUDIENCE, Keys, Verifier
from amends.clock import real_now

ISSUER = "http://issuer.test"
_KEY = ECKey.generate_key("P-256", {"kid": "k1"})


class _KeysAtHand(Keys):
    def __init__(self) -> None: ...

    async def get(self, *, unknown_key: bool = False) -> KeySet:
        return KeySet([_KEY])


def verifier() -> Verifier:
    """Return what an application checks these tokens with."""
    return Verifier(ISSUER, _KeysAtHand())


def signed(role: str, tenant: str = "demo", *, lifetime_s: int = 600, key: ECKey = _KEY, **claims: Any) -> str:
    """Return a token; further `claims` are laid over the usual ones. Another `key` forges it."""
    now = int(real_now().timestamp())
    usual = {"iss": ISSUER, "aud": AUDIENCE, "tenant": tenant, "role": role, "iat": now, "exp": now + lifetime_s}
    return jwt.encode({"alg": "ES256", "kid": "k1"}, usual | claims, key)


def bearer(role: str, tenant: str = "demo", subject: str | None = None, **claims: Any) -> dict[str, str]:
    """Return the `Authorization` header of a caller."""
    named = {"sub": subject} if subject else {}
    return {"Authorization": f"Bearer {signed(role, tenant, **named, **claims)}"}
