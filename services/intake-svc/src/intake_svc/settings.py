"""What intake is told from outside, beside what every service is told."""

from datetime import timedelta

from pydantic import Field

from amends.settings import ServiceSettings
from intake_svc.decisions.limits import Limits


class IntakeSettings(ServiceSettings):
    """Limits on what is taken in; a request beyond one is refused with the field named."""

    amount_minor_max: int = Field(
        default=1_000_000_000, ge=1, description="The largest amount in a request, in minor units (10 million CNY)"
    )
    quantity_max: int = Field(default=1_000_000, ge=1, description="The largest quantity of one order line")
    order_items_max: int = Field(default=500, ge=1, description="The most lines in one order")
    name_chars_max: int = Field(default=512, ge=1, le=600, description="The longest id, name, tag or address")
    text_chars_max: int = Field(
        default=20_000, ge=1, description="The longest description, demand, reason, verdict or sentence of findings"
    )
    promise_ahead_d_max: int = Field(
        default=366, ge=1, description="How far ahead a time may be that is promised to a customer or extended to"
    )
    accepted_age_h_max: int = Field(
        default=720, ge=0, description="How long ago a ticket may say that it was accepted: older deadlines pay at once"
    )
    imported_age_d_max: int = Field(default=1_096, ge=0, description="The same for imported tickets, in days")
    clock_skew_s_max: int = Field(
        default=5, ge=0, description="How far ahead a storefront's clock may be; such a time becomes the event's own"
    )
    serials_per_block: int = Field(
        default=100, ge=1, description="Ticket numbers an instance takes at once; a restart leaves the rest as a gap"
    )
    robot_check_ms: int = Field(
        default=1000, ge=50, description="How often (real time) hours and inbound rate are looked at for the robot (F4)"
    )
    group_sweep_ms: int = Field(
        default=5000, ge=50, description="How often (real time) group complaints (J3) are looked for without an opening"
    )
    batch_tickets_max: int = Field(default=500, ge=1, description="The most tickets in one batch request")
    body_bytes_max: int = Field(default=16 * 1024 * 1024, ge=1024, description="A larger JSON body is refused (413)")
    evidence_bytes_max: int = Field(default=10 * 1024 * 1024, ge=1, description="A larger file is refused (413)")

    def limits(self) -> Limits:
        """Return the limits as decisions take them."""
        return Limits(
            amount_max=self.amount_minor_max,
            quantity_max=self.quantity_max,
            items_max=self.order_items_max,
            name_chars_max=self.name_chars_max,
            text_chars_max=self.text_chars_max,
            promise_ahead_max=timedelta(days=self.promise_ahead_d_max),
            accepted_age_max=timedelta(hours=self.accepted_age_h_max),
            imported_age_max=timedelta(days=self.imported_age_d_max),
            clock_skew_max=timedelta(seconds=self.clock_skew_s_max),
        )
