"""Cursor pages: opaque cursors, `Link: <…>; rel="next"` (RFC 8288)."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from amends.http.problems import Problem


def encode_cursor(*parts: str | int) -> str:
    """Write the sort key of a page's last row as an opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Any]:
    """Read a cursor of `length` parts. Raises Problem 400."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise _bad(cursor) from error
    if not isinstance(parts, list) or len(parts) != length:
        raise _bad(cursor)
    return parts


def _bad(cursor: str) -> Problem:
    return Problem(400, "Unknown cursor", f"{cursor!r} is no cursor of this list; start again without it")


def next_link(request: Request, parameter: str, cursor: str | None) -> dict[str, str]:
    """Return the `Link` header for the next page, or nothing on the last."""
    if cursor is None:
        return {}
    url = request.url.include_query_params(**{parameter: cursor})
    return {"Link": f'<{url}>; rel="next"'}


def page(request: Request, items: Sequence[Any], next_cursor: str | None = None) -> JSONResponse:
    """Answer a list: `{items: […]}` with its `Link`."""
    return JSONResponse({"items": list(items)}, headers=next_link(request, "cursor", next_cursor))
