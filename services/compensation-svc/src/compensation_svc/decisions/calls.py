"""What an answer of the storefront's money API means, and when to ask again (DESIGN 13). Pure; real seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

_MAY_HEAL = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Carried out; `reference` is the storefront's own id of the movement."""

    reference: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not carried out, and never will be."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pending:
    """Accepted; the outcome is asked for later."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether it was carried out: ask, then send the same again."""

    why: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The storefront was asked and does not know the reference."""


Outcome = Succeeded | Refused | Pending | Unknown
Asked = Outcome | NotThere


def outcome_of(status: int, body: Any) -> Outcome:
    """Read the answer to a POST. A 4xx that repeating cannot heal is a refusal; everything unclear is Unknown."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _by_word(body)
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _MAY_HEAL:
        detail = body.get("detail") or body.get("title") if isinstance(body, Mapping) else None
        return Refused(f"the storefront answered {status}: {detail or 'no reason given'}")
    return Unknown(f"the storefront answered {status}")


def asked_of(status: int, body: Any, reference: str) -> Asked:
    """Read the answer to a GET by reference: a list of `items`, or the one payment itself."""
    if status == HTTPStatus.NOT_FOUND:
        return NotThere()
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Unknown(f"the storefront answered {status} when it was asked")
    if not isinstance(body, Mapping):
        return Unknown("the storefront's answer is no JSON object")
    items = body.get("items", [body] if "status" in body else None)
    if not isinstance(items, list):
        return Unknown("the storefront's answer has neither items nor a status")
    ours = [item for item in items if isinstance(item, Mapping) and item.get("reference") == reference]
    return _by_word(ours[0]) if ours else NotThere()


def _by_word(body: Any) -> Outcome:
    word = body.get("status") if isinstance(body, Mapping) else None
    if word == "succeeded" and body.get("id"):
        return Succeeded(str(body["id"]))
    if word == "pending":
        return Pending()
    if word == "refused":
        return Refused(str(body.get("reason") or "no reason given"))
    return Unknown(f"the storefront's answer says {word!r}, which is no status we know")


@dataclass(frozen=True, slots=True)
class Backoff:
    """When a call is tried again: doubling from `first_s` to `longest_s`."""

    first_s: float
    longest_s: float

    def wait_s(self, failures: int, spread: float) -> float:
        """Return how long to wait after so many failures in a row; `spread` in [0, 1) keeps calls apart."""
        return min(self.longest_s, self.first_s * 2.0 ** min(max(failures - 1, 0), 20)) * (0.75 + spread / 2)
