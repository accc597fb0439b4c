"""Tickets, actors and limits as the decision tests need them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.intake.bodies import ticket as body

from amends.policy.load import default_policy
from intake_svc.decisions.access import Actor
from intake_svc.decisions.limits import Limits
from intake_svc.decisions.opening import opened, read_opening
from intake_svc.decisions.ticket import Ticket, as_opened

NOW = datetime(2026, 5, 13, 2, 0, tzinfo=UTC)
LIMITS = Limits(
    amount_max=1_000_000_000,
    quantity_max=1_000_000,
    items_max=500,
    name_chars_max=512,
    text_chars_max=20_000,
    promise_ahead_max=timedelta(days=366),
    accepted_age_max=timedelta(days=30),
    imported_age_max=timedelta(days=1_096),
    clock_skew_max=timedelta(seconds=5),
)
POLICY = default_policy()


def actor(role: str = "specialist", subject: str | None = "amy") -> Actor:
    return Actor("demo", role, subject, "test")


def opening_event(*, repeated: bool = False, **changes: Any) -> Any:
    """The `opened` that a request becomes."""
    request = read_opening(body(**changes), POLICY, LIMITS, NOW)
    return opened(
        request, policy=POLICY, policy_version=3, ticket_no="demo-1", contact_ref="ref", repeated=repeated, now=NOW
    )


def a_ticket(*, repeated: bool = False, state: dict[str, Any] | None = None, **changes: Any) -> Ticket:
    """A ticket just opened, with some of its state replaced."""
    request = read_opening(body(**changes), POLICY, LIMITS, NOW)
    made = as_opened(
        opening_event(repeated=repeated, **changes),
        NOW,
        ticket_id="t-1",
        tenant="demo",
        opened_by="storefront/shop",
        level_given=request.level,
        tags_given=request.tags,
        description=request.description,
        demand=request.demand,
    )
    return replace(made, **(state or {}))
