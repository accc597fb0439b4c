"""Every refusal as RFC 9457 problem+json, all that is wrong with a body at once."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from amends.errors import may_heal
from amends_sandbox.handlers import KnownWithOtherBody

RETRY_AFTER_S = 1


class Problem(Exception):  # noqa: N818 - the term of RFC 9457
    """A refusal on its way to the caller."""

    def __init__(self, status: HTTPStatus, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.members = members


def problem(
    status: HTTPStatus,
    detail: str,
    *,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Write a problem; `members` are RFC 9457's extension members."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **(members or {})}
    return JSONResponse(body, status, headers=dict(headers or {}), media_type="application/problem+json")


def errors_of(found: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return what is wrong, each with its field as a path with dots (`items.0.sku`)."""
    not_fields = {"body", "one", "many"}  # where it was found, not what: the last two are the forms of PUT /faults
    return [
        {
            "field": ".".join(str(step) for step in error["loc"] if step not in not_fields) or "body",
            "detail": str(error["msg"]),
        }
        for error in found
    ]


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it below
    errors = errors_of(error.errors())
    fields = ", ".join(dict.fromkeys(entry["field"] for entry in errors))
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"not acceptable: {fields}", members={"errors": errors})


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - registered for it below
    headers = {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else {}
    if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return problem(error.status, error.detail, members=error.members, headers=headers)


async def _other_body(_: Request, error: Exception) -> JSONResponse:
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


async def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it below
    return problem(HTTPStatus(error.status_code), str(error.detail), headers=error.headers)


async def _database(_: Request, error: Exception) -> JSONResponse:
    if not may_heal(error):
        raise error
    return await _refused(_, Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the database is away; try again"))


def speak_problems(app: FastAPI) -> None:
    """Make an app answer every refusal as a problem."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Problem, _refused)
    app.add_exception_handler(KnownWithOtherBody, _other_body)
    app.add_exception_handler(HTTPException, _http)
    for lost in (SQLAlchemyError, OSError, TimeoutError):
        app.add_exception_handler(lost, _database)
