"""What sla is told from outside beyond what every service is told."""

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
