"""What intake takes at most. The numbers are settings; their defaults and consequences stand in `intake_svc.settings`."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """Amounts are minor units of the order's currency."""

    amount_max: int
    quantity_max: int
    items_max: int
    name_chars_max: int
    text_chars_max: int
    promise_ahead_max: timedelta
    accepted_age_max: timedelta
    imported_age_max: timedelta
    clock_skew_max: timedelta
