"""What every service is told from outside: where its database, bus and issuer are, and where to listen.

A service's own settings subclass this in its `settings.py`. Every number has its unit in its name.
"""

from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from amends.clock import TimeAnchor


class ServiceSettings(BaseSettings):
    """Read from the environment; names are the upper-case of the fields."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: str = Field(description="This service's own database: postgresql://user:password@host:port/name")
    bus_url: str = Field(description="kafka://host:9092,… or postgresql://… for the embedded log")
    issuer_url: str = Field(description="Who signs the tokens; its keys are at /.well-known/jwks.json")
    client_id: str = Field(default="", description="For calls to other services: client credentials at the issuer")
    client_secret: SecretStr = SecretStr("")
    listen_host: str = "127.0.0.1"
    listen_port: int = Field(ge=1, le=65535)
    public_url: str = Field(default="", description="Under which callers reach this service; default: host and port")
    amends_env: Literal["production", "demo", "test"] = "production"
    amends_time_anchor: str = Field(default="", description="Scaled time, demo and test only: see `amends.clock`")
    database_pool: int = Field(default=10, ge=2, description="Connections kept; as many again are made under load")
    watermark_interval_ms: int = Field(default=100, ge=10, description="How often a watermark is published")
    relay_sweep_ms: int = Field(default=250, ge=10, description="How often the relay looks without being woken")
    relay_batch: int = Field(default=500, ge=1)
    consumer_batch: int = Field(default=200, ge=1, description="Events that share one transaction")
    event_bytes_max: int = Field(
        default=512 * 1024, ge=1024, description="A larger event is refused when written (413)"
    )
    outbox_unsent_max: int = Field(
        default=100_000, ge=1, description="Above it the service is not ready: the bus is away"
    )
    keep_alive_s: int = Field(
        default=75,
        ge=1,
        description="An idle connection is closed after this. More than clients and load balancers keep one (often 60): "
        "else a request may be sent into a connection that is just being closed",
    )
    stop_s_max: float = Field(default=20, gt=0, description="A stop that takes longer is cut off")

    @model_validator(mode="after")
    def _scaled_time_stays_out_of_production(self) -> "ServiceSettings":
        if self.amends_time_anchor and self.amends_env == "production":
            raise ValueError(
                "AMENDS_TIME_ANCHOR is set, but AMENDS_ENV is production: scaled time would make deadlines wrong. "
                "Remove it, or set AMENDS_ENV=demo or test."
            )
        return self

    def anchor(self) -> TimeAnchor:
        """Return how domain time runs here."""
        return TimeAnchor.from_json(self.amends_time_anchor) if self.amends_time_anchor else TimeAnchor.identity()
