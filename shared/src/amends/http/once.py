"""`Idempotency-Key`: a POST that creates has its effect once, and answers the same again (CONTRACT §6).

The key's row commits with the effect. Missing key 400, in flight 409, other body 422, replay marked by
`Idempotency-Replayed: true`. A request that was refused leaves no row: mended, it may be sent under the same key.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import Principal
from amends.db import Tx, writing
from amends.http.problems import Problem

KEY_CHARS_MAX = 255

_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:scope, 0))")
_FIND = text("SELECT body_sha256, status, headers, body FROM idempotency WHERE scope = :scope")
_KEEP = text("""
    INSERT INTO idempotency (scope, body_sha256, status, headers, body)
    VALUES (:scope, :body_sha256, :status, :headers, :body)
""")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an effect answers: a status, a JSON body, headers."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Write it."""
        return _json(self.status, json.dumps(jsonable_encoder(self.body), ensure_ascii=False), self.headers)


Effect = Callable[[Tx], Awaitable[Answer]]


async def once(
    request: Request, engine: AsyncEngine, caller: Principal, effect: Effect, *, body: bytes | None = None
) -> Response:
    """Run `effect` in a writing transaction, once per (tenant, client, method, path, key).

    A client that speaks for several (token's subject, role) is one of each: nobody gets another's answer.
    `body` is what tells one request from another where the raw body cannot be read again: a multipart's parts.
    """
    scope = _scope(request, caller)
    body_sha256 = hashlib.sha256(await request.body() if body is None else body).hexdigest()
    async with writing(engine) as tx:
        if not (await tx.execute(_TRY_LOCK, {"scope": scope})).scalar_one():
            detail = "a request with this Idempotency-Key is being worked on; wait for its answer, then send it again"
            raise Problem(409, "In flight", detail, headers={"Retry-After": "1"})
        kept = (await tx.execute(_FIND, {"scope": scope})).first()
        if kept is not None:
            return _replayed(kept, body_sha256)
        answer = await effect(tx)
        written = json.dumps(jsonable_encoder(answer.body), ensure_ascii=False)
        values = {"scope": scope, "body_sha256": body_sha256, "status": answer.status, "body": written}
        await tx.execute(_KEEP, values | {"headers": json.dumps(answer.headers)})
    return _json(answer.status, written, answer.headers)


def _scope(request: Request, caller: Principal) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > KEY_CHARS_MAX:
        detail = (
            f"send an `Idempotency-Key` header of 1 to {KEY_CHARS_MAX} characters, a new one for each new intention"
        )
        raise Problem(400, "Idempotency-Key missing", detail)
    who = [caller.tenant, caller.client, caller.role, caller.subject]
    return json.dumps([*who, request.method, request.url.path, key])


def _replayed(kept: Any, body_sha256: str) -> Response:
    if kept[0] != body_sha256:
        detail = "this Idempotency-Key was used with another body; use a new key for a new intention"
        raise Problem(422, "Another body under the same key", detail)
    return _json(kept[1], kept[3], json.loads(kept[2]) | {"Idempotency-Replayed": "true"})


def _json(status: int, body: str, headers: dict[str, str]) -> Response:
    return Response(body, status_code=status, headers=headers, media_type="application/json")
