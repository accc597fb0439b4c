"""`/policies`, `/policies:check`: what a tenant promises, by version. Mounts `/calendars` too."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.auth import READERS, Principal, allow
from amends.clock import real_now
from amends.db import Tx, reading
from amends.http.once import Answer, once
from amends.http.pages import decode_cursor, encode_cursor, page
from amends.http.problems import Problem, invalid
from amends.instants import format_instant
from amends.outbox import Outbox
from amends.policy.model import Policy
from amends.policy.verdict import Verdict, judge
from sla_svc.api.calendars import AUTHORS, calendars_router
from sla_svc.handlers.policies import publish
from sla_svc.store import policies
from sla_svc.store.policies import StoredPolicy

_YAML: Final = ("application/yaml", "application/x-yaml", "text/yaml", "text/plain")
_JSON_OBJECT: Final = TypeAdapter(dict[str, Any])

Author = Annotated[Principal, Depends(allow(*AUTHORS))]
Reader = Annotated[Principal, Depends(allow(*READERS))]


class PolicyBody(BaseModel):
    """A policy to check or publish: its YAML as a text, or the mapping that it describes."""

    model_config = ConfigDict(extra="forbid")

    body: str | dict[str, Any]


async def sent_policy(request: Request) -> str | dict[str, Any]:
    """Return the policy of a request: YAML or JSON is the policy itself, or JSON `{"body": …}` holds either.

    Raises:
        Problem: 422, when there is none in it.
    """
    raw = await request.body()
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if media in _YAML:
            return raw.decode()
        sent = _JSON_OBJECT.validate_json(raw)
        return PolicyBody.model_validate(sent).body if "body" in sent else sent
    except UnicodeDecodeError as error:
        raise Problem(422, "The request is not valid", "a policy is UTF-8 text") from error
    except ValidationError as error:
        raise invalid(error.errors()) from error


async def judged(request: Request) -> Verdict:
    """Return what a check says of a request's policy: beside the event loop, as it takes its time and deadlines run here."""
    return await asyncio.to_thread(judge, await sent_policy(request), real_now().year)


def accepted(verdict: Verdict) -> Policy:
    """Return the policy, or raise the 422 problem with every finding at once."""
    if verdict.policy is None:
        found = [finding.shown() for finding in verdict.findings]
        detail = "mend these and send it again: " + "; ".join(str(finding) for finding in verdict.findings)
        raise Problem(422, "The policy is refused", detail, errors=found, findings=found)
    return verdict.policy


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
        verdict = await judged(request)  # before the transaction
        policy = accepted(verdict)

        async def effect(tx: Tx) -> Answer:
            made = await publish(tx, outbox, caller.tenant, policy, caller.name)
            body = {
                **_shown(made.policy, whole=False),
                "tenant": caller.tenant,
                "warnings": verdict.shown()["warnings"],
            }
            headers = {"Location": f"/v1/policies?version={made.policy.version}"} if made.new else {}
            return Answer(201 if made.new else 200, body, headers)

        return await once(request, engine, caller, effect)

    @router.post("/policies:check")
    async def check(request: Request, _: Author) -> JSONResponse:
        return JSONResponse((await judged(request)).shown())

    router.include_router(calendars_router(engine, outbox))
    return router
