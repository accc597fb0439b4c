"""Result feedback (RULEBOOK I): the form that a ticket asks for, and what written feedback still lacks. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from amends.policy.choose import TicketFacts
from amends.policy.feedback import must_be_written
from amends.policy.model import Policy

WRITTEN: Final = "written"
SPOKEN: Final = "spoken"


@dataclass(frozen=True, slots=True)
class Given:
    """The result as an agent says they told it. `contents`: by name, in their words; only what there is (I2)."""

    ticket_id: str
    form: str
    by: str
    contents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept beside it. `form_asked`: `spoken` when that would have done (I1); `missing`: of the contents (I2)."""

    form_asked: str
    missing: tuple[str, ...]


def kept(policy: Policy, facts: TicketFacts, given: Given) -> Kept:
    """Return what the policy says of feedback about such a ticket. Spoken feedback need not be written down."""
    asked = WRITTEN if must_be_written(policy, facts) else SPOKEN
    rule = policy.feedback.contents if policy.feedback is not None else None
    if rule is None or given.form != WRITTEN:
        return Kept(asked, ())
    return Kept(asked, tuple(name for name in rule.written if name not in given.contents))
