"""RFC 9457 problems: one shape for everything that goes wrong over HTTP."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from amends.errors import may_heal

log = structlog.get_logger(__name__)


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """Something that the caller is told: status, short title, and a detail that says what to do next.

    `extra` are members beside the standard ones, e.g. `allowed`, `errors`.
    """

    def __init__(
        self, status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """Return the problem as JSON."""
        return {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail, **self.extra}


def problem_response(problem: Problem) -> JSONResponse:
    """Write a problem as `application/problem+json`."""
    return JSONResponse(
        jsonable_encoder(problem.body()),
        status_code=problem.status,
        headers=problem.headers,
        media_type="application/problem+json",
    )


def invalid(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """Return the 422 problem that names every field at once, from Pydantic's errors."""
    named = [{"field": field_of(error["loc"]), "problem": str(error["msg"])} for error in errors]
    fields = ", ".join(str(item["field"]) for item in named)
    return Problem(422, "The request is not valid", f"mend these and send it again: {fields}", errors=named)


def field_of(loc: Sequence[str | int]) -> str:
    """Write a Pydantic location as a path: `order.items[0].paid_amount`."""
    parts = [part for part in loc if part not in {"body", "query", "path", "header"}]
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".") or str(
        loc[0] if loc else "body"
    )


def install(app: FastAPI) -> None:
    """Have the app answer every failure as a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.middleware("http")(_answer_failures)


async def _on_problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)  # noqa: S101 - for the type checker: registered for Problem only
    return problem_response(error)


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return problem_response(invalid(error.errors()))


async def _on_http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    return problem_response(Problem(error.status_code, str(error.detail), str(error.detail), headers=error.headers))


async def _answer_failures(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Answer what no handler knows. In a middleware, as Starlette raises again what a handler of Exception answered."""
    try:
        return await call_next(request)
    except Exception as error:
        return _failure(request, error)


def _failure(request: Request, error: Exception) -> JSONResponse:
    if may_heal(error):
        log.warning("a request failed on something that is away", path=request.url.path, error=repr(error))
        detail = "something this service stands on is away; nothing was recorded; send the same request again"
        return problem_response(Problem(503, "Try again", detail, headers={"Retry-After": "1"}))
    log.error("a request failed", path=request.url.path, exc_info=error)
    return problem_response(Problem(500, "Our fault", "this is a defect; it is logged; nothing was recorded"))
