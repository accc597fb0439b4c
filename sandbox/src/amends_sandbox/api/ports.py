"""What the doors are given, and what every request goes through: database, issuer, bearer, key, fault."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from amends.auth import unauthorised
from amends.http.problems import Problem
from amends_sandbox import handlers
from amends_sandbox.connections import drop
from amends_sandbox.faults import Kind
from amends_sandbox.issuer import Caller, Issuer, TokenInvalid
from amends_sandbox.settings import Settings


@dataclass(slots=True)
class Ports:
    """The outside, as the doors see it. `issuer` is there once the database was reached."""

    settings: Settings
    engine: AsyncEngine
    real_now: Callable[[], datetime]
    new_id: Callable[[], UUID]
    issuer: Issuer | None = None


class FaultInjected(Exception):  # noqa: N818 - it is meant
    """The call ends here, because someone asked for it to fail."""


def not_ready() -> Problem:
    return Problem(503, "Not ready", "its database is away; try again shortly", headers={"Retry-After": "1"})


def ports(request: Request) -> Ports:
    return cast("Ports", request.app.state.ports)


def issuer(given: Annotated[Ports, Depends(ports)]) -> Issuer:
    if given.issuer is None:
        raise not_ready()
    return given.issuer


async def transaction(given: Annotated[Ports, Depends(ports)]) -> AsyncIterator[AsyncConnection]:
    """Give a transaction that ends before the answer goes out: what the caller is told is committed."""
    async with given.engine.begin() as tx:
        yield tx


_bearer = HTTPBearer(auto_error=False, description="a token of this suite's issuer, any role")


def caller(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    signer: Annotated[Issuer, Depends(issuer)],
    given: Annotated[Ports, Depends(ports)],
) -> Caller:
    """Return who calls, or refuse with 401. Any role will do: it is a sandbox."""
    if credentials is None:
        raise unauthorised("send `Authorization: Bearer <token>`; in demo: `amends token --role ROLE`")
    try:
        return signer.check(credentials.credentials, given.real_now())
    except TokenInvalid as error:
        raise unauthorised(f"the token is not acceptable: {error}") from error


PortsDep = Annotated[Ports, Depends(ports)]
IssuerDep = Annotated[Issuer, Depends(issuer)]
CallerDep = Annotated[Caller, Depends(caller)]
TxDep = Annotated[AsyncConnection, Depends(transaction, scope="function")]


def require_key(key: str | None, meant: str, field: str) -> None:
    """Hold the `Idempotency-Key` to the id in the body.

    Raises:
        Problem: 400, missing or another.
    """
    if key is None:
        raise Problem(400, "Idempotency-Key is missing", f"send it with the body's {field} as its value")
    if key != meant:
        raise Problem(400, "Idempotency-Key differs", f"it must be the body's {field}, {meant}, not {key}")


async def suffer(request: Request, given: Ports, endpoint: str) -> Kind | None:
    """Count the call and let its fault happen, if that comes before the work; return the fault otherwise.

    Raises:
        Problem: 500, the fault `error`.
        FaultInjected: the fault `reset`; the connection is gone already.
    """
    async with given.engine.begin() as tx:
        kind = await handlers.take_fault(tx, endpoint)
    if kind == "slow":
        await asyncio.sleep(given.settings.sandbox_slow_s)
    elif kind == "error":
        raise Problem(
            500, "Failed on request", "someone asked for this with the fault `error`; nothing was carried out"
        )
    elif kind == "reset":
        await drop(request)
        raise FaultInjected
    return kind
