"""What sla is told from outside beyond what every service is told."""

from datetime import timedelta

from pydantic import Field

from amends.settings import ServiceSettings


class SlaSettings(ServiceSettings):
    """Read from the environment."""

    tickets_per_transaction: int = Field(
        default=50, ge=1, le=1000, description="Tickets worked in one transaction; more holds the watermark longer"
    )
    timer_sweep_s: float = Field(
        default=5.0, gt=0, description="How often (real seconds) timers are looked for without a lower bound"
    )
    outage_hold_after_s: float = Field(
        default=300.0,
        gt=0,
        description="A longer silence of intake (real seconds) is an outage: remedies of deadlines in it, and for so long "
        "after it, wait for a person's approval; shorter holds more, longer pays what nobody could have prevented",
    )
    outage_declared_h_max: float = Field(
        default=168.0,
        gt=0,
        description="The longest outage (hours of domain time) that can be declared at once; a slip of the pen beyond it "
        "would move deadlines by so much, and nothing moves them back",
    )
    outage_ahead_d_max: float = Field(
        default=366.0, gt=0, description="How far ahead (days of domain time) an outage that is declared may end"
    )

    def hold_after(self) -> timedelta:
        """Return `outage_hold_after_s` in domain time."""
        return timedelta(seconds=self.outage_hold_after_s * self.anchor().scale)
