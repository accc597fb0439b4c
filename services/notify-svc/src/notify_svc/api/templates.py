"""The words that are sent: read them, and write a tenant's own (RULEBOOK N4, O)."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import reading, writing
from amends.http.problems import Problem
from notify_svc.api.bodies import Author, Reader, TemplateBody
from notify_svc.decisions.catalogue import LANGUAGES, Entry, catalogue, wording_problems
from notify_svc.store import templates
from notify_svc.store.templates import Written


def templates_router(engine: AsyncEngine) -> APIRouter:
    """`GET /templates`, `PUT /templates`."""
    router = APIRouter(tags=["templates"])

    @router.get("/templates")
    async def listed(caller: Reader) -> dict[str, Any]:
        async with reading(engine) as tx:
            own = {(w.template, w.language): w for w in await templates.all_latest(tx, caller.tenant)}
        supplied = {(name, language) for language in LANGUAGES for name in catalogue(language).templates}
        return {"items": [_shown(name, language, own) for name, language in sorted(supplied | own.keys())]}

    @router.put("/templates")
    async def written(body: TemplateBody, caller: Author) -> dict[str, Any]:
        entry = Entry(subject=body.subject, texts=body.texts)
        problems = wording_problems(entry, catalogue(body.language))
        if problems:
            errors = [{"field": "texts", "problem": problem} for problem in problems]
            raise Problem(422, "Not to be said to customers", "; ".join(problems), errors=errors)
        async with writing(engine) as tx:
            await templates.lock(tx, caller.tenant, body.template, body.language)
            latest = await templates.latest(tx, caller.tenant, body.template, body.language)
            version = latest.version + 1 if latest else 1
            version_of = Written(body.template, body.language, version, caller.name, entry.model_dump(mode="json"))
            await templates.add(tx, caller.tenant, version_of)
        return _shown(body.template, body.language, {(body.template, body.language): version_of})

    return router


def _shown(name: str, language: str, own: dict[tuple[str, str], Written]) -> dict[str, Any]:
    """Return one template as it stands: the tenant's own words, else those that come with this version."""
    said = own.get((name, language))
    words = catalogue(language)
    if said is not None:
        about: dict[str, Any] = {"version": said.version, "author": said.author, "own": True}
        return {"template": name, "language": language, **about, **said.body}
    about = {"version": words.version, "author": words.author, "own": False, "review_date": str(words.review_date)}
    return {"template": name, "language": language, **about, **words.templates[name].model_dump(mode="json")}
