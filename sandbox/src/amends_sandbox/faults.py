"""Faults on request: which call is hit, decided by counting, so that a test sees the same calls fail every time.

A fault at rate 0.1 hits the 10th, 20th, 30th call: call n is hit when floor(n x rate) exceeds the hits so far. A hit
that another fault of the same endpoint took is owed and falls on the next call.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Kind = Literal["slow", "error", "reject", "reset", "pending", "timeout_after_success"]

KINDS_OF_ENDPOINT: dict[str, frozenset[str]] = {
    "POST /refunds": frozenset({"slow", "error", "reject", "reset", "pending", "timeout_after_success"}),
    "POST /vouchers": frozenset({"slow", "error", "reject", "reset", "pending", "timeout_after_success"}),
    "POST /messages": frozenset({"slow", "error", "reject", "reset", "timeout_after_success"}),
    "GET /refunds": frozenset({"slow", "error", "reset"}),
    "GET /vouchers": frozenset({"slow", "error", "reset"}),
}
"""What each endpoint can suffer: nothing is pending about a message, and a question carries nothing out."""


def canonical_endpoint(name: str) -> str:
    """Return `POST /refunds` for `refunds`, `/refunds` or `/v1/refunds`; a question is named with its `GET`.

    Raises:
        ValueError: no endpoint that can be made to fail.
    """
    method, _, path = name.strip().rpartition(" ")
    endpoint = f"{(method.strip() or 'POST').upper()} /{path.strip('/').removeprefix('v1/')}"
    if endpoint not in KINDS_OF_ENDPOINT:
        raise ValueError(f"{name!r} cannot be made to fail; these can: {', '.join(KINDS_OF_ENDPOINT)}")
    return endpoint


class Fault(BaseModel):
    """A wish: this kind of trouble, at this endpoint, for this part of its calls, at most `count` times."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: Annotated[str, AfterValidator(canonical_endpoint)]
    kind: Kind
    rate: float = Field(default=1.0, ge=0, le=1)
    count: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _fits_endpoint(self) -> "Fault":
        kinds = KINDS_OF_ENDPOINT[self.endpoint]
        if self.kind not in kinds:
            raise ValueError(f"{self.endpoint} knows no {self.kind}; it knows {', '.join(sorted(kinds))}")
        return self


@dataclass(frozen=True, slots=True)
class Tally:
    """A fault and what became of it: the calls that it has seen, and those that it hit."""

    fault: Fault
    calls: int = 0
    hits: int = 0

    def is_due(self) -> bool:
        """Say whether the call just counted is to be hit."""
        spent = self.fault.count is not None and self.hits >= self.fault.count
        return not spent and floor(self.calls * Fraction(repr(self.fault.rate))) > self.hits


def count_call(tallies: Sequence[Tally]) -> tuple[list[Tally], Kind | None]:
    """Count one call at an endpoint and choose what hits it: the first fault that is due, or none.

    Does not look at the endpoint: the tallies handed in are those of the endpoint that was called.
    """
    counted = [replace(tally, calls=tally.calls + 1) for tally in tallies]
    for position, tally in enumerate(counted):
        if tally.is_due():
            counted[position] = replace(tally, hits=tally.hits + 1)
            return counted, tally.fault.kind
    return counted, None
