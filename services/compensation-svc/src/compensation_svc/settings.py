"""What compensation is told from outside, beside what every service is."""

from pydantic import Field, model_validator

from amends.settings import ServiceSettings


class CompensationSettings(ServiceSettings):
    """Read from the environment; names are the upper-case of the fields."""

    storefront_url: str = Field(description="Base URL of the storefront's money API: POST /refunds, /vouchers")
    money_timeout_s: float = Field(default=5, gt=0, description="A call that takes longer has an unknown outcome")
    money_in_flight_max: int = Field(default=16, ge=1, description="Calls under way at once, per instance")
    money_lease_s: float = Field(
        default=30, gt=0, description="After a crash a call is taken over this late; more than three timeouts"
    )
    money_poll_s: float = Field(default=1, gt=0, description="How often open calls are looked for without being woken")
    money_retry_first_s: float = Field(default=0.5, gt=0, description="Wait after a first failure; doubles from there")
    money_retry_longest_s: float = Field(default=60, gt=0, description="The longest wait between two tries of a call")

    @model_validator(mode="after")
    def _leases_outlive_their_calls(self) -> "CompensationSettings":
        # One attempt may ask, send and ask again.
        if self.money_lease_s <= 3 * self.money_timeout_s:
            raise ValueError("MONEY_LEASE_S must be more than three times MONEY_TIMEOUT_S, or calls are made twice")
        return self
