"""`/policies`, `/policies:check`, `/calendars`: what a tenant promises, by version."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import READERS, Principal, allow
from amends.clock import real_now
from amends.db import Tx, reading
from amends.http.once import Answer, once
from amends.http.pages import decode_cursor, encode_cursor, page
from amends.http.problems import Problem, invalid
from amends.instants import format_instant
from amends.outbox import Outbox
from amends.policy.check import warnings
from amends.policy.findings import Finding
from amends.policy.load import PolicyError, load
from amends.policy.model import Policy
from sla_svc.handlers.policies import publish
from sla_svc.store import policies
from sla_svc.store.policies import StoredPolicy

AUTHORS: Final = ("manager", "admin", "service")
_YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/plain")

Author = Annotated[Principal, Depends(allow(*AUTHORS))]
Reader = Annotated[Principal, Depends(allow(*READERS))]


class PolicyBody(BaseModel):
    """A policy to check or publish: its YAML as a text, or the mapping that it describes."""

    model_config = ConfigDict(extra="forbid")

    body: str | dict[str, Any]


async def sent_policy(request: Request) -> str | dict[str, Any]:
    """Return the policy of a request: `application/yaml` is the policy itself, JSON is `{"body": …}`.

    Raises:
        Problem: 422, when there is none in it.
    """
    raw = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if media in _YAML:
            return raw.decode()
        return PolicyBody.model_validate_json(raw).body
    except UnicodeDecodeError as error:
        raise Problem(422, "The request is not valid", "a policy is UTF-8 text") from error
    except ValidationError as error:
        raise invalid(error.errors()) from error


def checked(source: str | dict[str, Any]) -> Policy:
    """Return the policy, or raise the 422 problem with every finding at once."""
    try:
        return load(source)
    except PolicyError as error:
        found = [_finding(finding) for finding in error.findings]
        detail = "mend these and send it again: " + "; ".join(str(finding) for finding in error.findings)
        raise Problem(422, "The policy is refused", detail, errors=found, findings=found) from error


def _finding(finding: Finding) -> dict[str, str]:
    return {"field": finding.row, "row": finding.row, "problem": finding.message}


def _warnings(policy: Policy) -> list[dict[str, str]]:
    year = real_now().year
    return [_finding(finding) for finding in warnings(policy, (year, year + 1))]


def _shown(stored: StoredPolicy, *, whole: bool = True) -> dict[str, Any]:
    shown = {"version": stored.version, "author": stored.author, "published_at": format_instant(stored.at)}
    return {**shown, "title": stored.body.get("title"), **({"body": stored.body} if whole else {})}


def version_below(cursor: str | None) -> int | None:
    """Return the version that a cursor goes on below; 400 when it is no cursor of this list."""
    if cursor is None:
        return None
    below = decode_cursor(cursor, 1)[0]
    if not isinstance(below, int):
        raise Problem(400, "Unknown cursor", f"{cursor!r} is no cursor of this list; start again without it")
    return below


def policies_router(engine: AsyncEngine, outbox: Outbox) -> APIRouter:
    """Return the paths of policies."""
    router = APIRouter(tags=["policies"])

    @router.get("/policies")
    async def listed(
        request: Request,
        caller: Reader,
        version: Annotated[int | None, Query(ge=1, description="Only this version")] = None,
        cursor: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 20,
    ) -> JSONResponse:
        before = version_below(cursor)
        async with reading(engine) as tx:
            if version is not None:
                one = await policies.get(tx, caller.tenant, version)
                return page(request, [] if one is None else [_shown(one)])
            found = await policies.listed(tx, caller.tenant, before, limit + 1)
        shown = found[:limit]
        more = encode_cursor(shown[-1].version) if len(found) > limit else None
        return page(request, [_shown(stored) for stored in shown], more)

    @router.post("/policies", status_code=201)
    async def published(request: Request, caller: Author) -> Response:
        # Before the transaction and beside the event loop: checking takes its time, and deadlines run in this process.
        policy = await asyncio.to_thread(checked, await sent_policy(request))

        async def effect(tx: Tx) -> Answer:
            made = await publish(tx, outbox, caller.tenant, policy, caller.name)
            body = {**_shown(made.policy, whole=False), "tenant": caller.tenant, "warnings": _warnings(policy)}
            headers = {"Location": f"/v1/policies?version={made.policy.version}"} if made.new else {}
            return Answer(201 if made.new else 200, body, headers)

        return await once(request, engine, caller, effect)

    @router.post("/policies:check")
    async def check(request: Request, _: Author) -> JSONResponse:
        try:
            policy = await asyncio.to_thread(checked, await sent_policy(request))
        except Problem as problem:
            if "findings" not in problem.extra:
                raise
            return JSONResponse({"accepted": False, "findings": problem.extra["findings"], "warnings": []})
        return JSONResponse({"accepted": True, "findings": [], "warnings": _warnings(policy)})

    @router.get("/calendars")
    async def calendars(request: Request, caller: Reader) -> JSONResponse:
        async with reading(engine) as tx:
            stored = await policies.latest(tx, caller.tenant)
        if stored is None:
            return page(request, [])
        rows = stored.body.get("calendars", {}).items()
        named = [{"name": name, **row, "policy_version": stored.version} for name, row in rows]
        return page(request, named)

    return router
