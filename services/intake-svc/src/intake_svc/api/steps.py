"""`POST /tickets/{id}/<noun>`: one path for each ticket event (CONTRACT §6)."""

import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from amends.auth import Principal, allow
from amends.db import Tx
from amends.events.codec import event_to_json
from amends.events.data import EventData
from amends.http.once import Answer
from intake_svc.api.door import (
    Door,
    actor_of,
    answer,
    etag,
    if_match,
    known_id,
    problem_of,
    read_object,
    refuse_above,
    too_large,
)
from intake_svc.api.schemas import FILE_BODY, body_of
from intake_svc.decisions.access import roles_for
from intake_svc.decisions.checks import value_problems
from intake_svc.decisions.classification import Classify
from intake_svc.decisions.refusals import FieldProblem, Refused
from intake_svc.decisions.steps import FACTS, FROM_THE_TOKEN
from intake_svc.handlers.steps import Taken, add_evidence, take_step
from intake_svc.store.evidence import EvidenceFile

_FORM_ROOM_BYTES: Final = 64 * 1024
"""What a multipart body may have beside the file: boundaries, headers, the field `kind`."""
_KIND_CHARS_MAX: Final = 64
_KINDS: Final = {"image": "photo", "video": "video"}


def steps_router(door: Door) -> APIRouter:
    """Return the paths of all steps."""
    router = APIRouter(tags=["steps"])
    bodies: dict[str, type[EventData]] = {**FACTS, "classification": Classify}
    for noun, model in bodies.items():
        _add_step(router, door, noun, model)

    @router.post("/tickets/{ticket_id}/evidence", status_code=201, openapi_extra=FILE_BODY)
    async def evidence(
        request: Request, ticket_id: str, caller: Annotated[Principal, Depends(allow(*roles_for("evidence")))]
    ) -> Response:
        known = known_id(ticket_id)
        file = await _read_file(request, door)
        kind = [file.kind, file.file_name, file.media_type, file.sha256]

        async def effect(tx: Tx) -> Answer:
            taken = await add_evidence(tx, door.desk, actor_of(caller), known, file, demand=if_match(request))
            return _told(taken)

        return await answer(request, door, caller, effect, body=repr(kind).encode())

    return router


def _add_step(router: APIRouter, door: Door, noun: str, model: type[EventData]) -> None:
    allowed = allow(*roles_for(noun))
    extra = body_of(model, without=FROM_THE_TOKEN.get(noun, ()))

    @router.post(
        f"/tickets/{{ticket_id}}/{noun}", status_code=201, openapi_extra=extra, name=noun, summary=_summary(model)
    )
    async def step(request: Request, ticket_id: str, caller: Annotated[Principal, Depends(allowed)]) -> Response:
        known = known_id(ticket_id)
        raw = await read_object(request, door)

        async def effect(tx: Tx) -> Answer:
            return _told(await take_step(tx, door.desk, actor_of(caller), known, noun, raw, demand=if_match(request)))

        return await answer(request, door, caller, effect)


def _summary(model: type[EventData]) -> str:
    return model.wire_type if hasattr(model, "wire_type") else "amends.ticket.reclassified.v1"


def _told(taken: Taken) -> Answer:
    return Answer(201, event_to_json(taken.event), {"ETag": etag(taken.ticket)})


async def _read_file(request: Request, door: Door) -> EvidenceFile:
    """Read one file and its kind. Raises Problem 413 or 422."""
    form = await _read_form(request, door.settings.evidence_bytes_max)
    file, kind = form.get("file"), form.get("kind")
    problems = [FieldProblem(name, "is unknown") for name in form if name not in {"file", "kind"}]
    if not isinstance(file, UploadFile):
        problems.append(FieldProblem("file", "send one file as multipart/form-data"))
    if kind is not None and (not isinstance(kind, str) or not 0 < len(kind) <= _KIND_CHARS_MAX):
        problems.append(FieldProblem("kind", f"is a word of 1 to {_KIND_CHARS_MAX} characters, e.g. photo"))
    name = file.filename if isinstance(file, UploadFile) else None
    problems += value_problems({"kind": kind, "file": name}, door.desk.limits)
    if problems or not isinstance(file, UploadFile):
        raise problem_of(Refused(problems))
    content = await file.read()
    if not content:
        raise problem_of(Refused([FieldProblem("file", "is empty")]))
    if len(content) > door.settings.evidence_bytes_max:
        raise too_large(door.settings.evidence_bytes_max)
    media_type = file.content_type or "application/octet-stream"
    told = str(kind) if kind else _KINDS.get(media_type.partition("/")[0], "document")
    digest = hashlib.sha256(content).hexdigest()
    return EvidenceFile(str(door.desk.make_id()), told, name, media_type, digest, content)


async def _read_form(request: Request, file_bytes_max: int) -> FormData:
    limit = file_bytes_max + _FORM_ROOM_BYTES
    refuse_above(request, limit)
    if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        return FormData()

    async def limited() -> AsyncIterator[bytes]:
        read = 0
        async for chunk in request.stream():
            read += len(chunk)
            if read > limit:
                raise too_large(file_bytes_max)
            yield chunk

    parser: Any = MultiPartParser(request.headers, limited(), max_files=1, max_fields=8)  # type: ignore[arg-type]
    try:
        form: FormData = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise problem_of(Refused([FieldProblem("body", f"is no multipart form of one file: {error}")])) from error
    return form
