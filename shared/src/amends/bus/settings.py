"""Settings of the bus. Each is an environment variable of the same name in capitals.

Times here are real time, in seconds. None of them decides a deadline: they set how fast a member of a group is missed, how
long a call may take, and how much memory a batch may need.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class BusSettings(BaseSettings):
    """How both buses behave. `BUS_*` counts for both, `BUS_LOG_*` for the embedded log, `KAFKA_*` for Kafka."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    bus_message_bytes_max: int = Field(default=1_048_576, ge=4096)
    """What the bus takes in one message. Twice `event_bytes_max`, so that no event that was accepted is refused here."""
    bus_fetch_bytes_max: int = Field(default=8_388_608, ge=65_536)
    """What one poll of a consumer holds in memory, at most (one message always comes, however large)."""
    bus_partition_fetch_bytes_max: int = Field(default=1_048_576, ge=65_536)
    """The share of one partition in `bus_fetch_bytes_max`."""
    bus_request_timeout_s: float = Field(default=10.0, gt=0)
    """How long one request may take before the bus counts as away."""
    bus_send_timeout_s: float = Field(default=30.0, gt=0)
    """How long a batch may wait for its acknowledgements before it counts as failed and is sent again."""
    bus_stop_timeout_s: float = Field(default=5.0, gt=0)
    """How long stopping a producer, consumer or reader may take before it is cut off."""
    bus_group_lease_s: float = Field(default=10.0, gt=0)
    """How long the group keeps the partitions of a member that it no longer hears from. Kafka: the session timeout."""
    bus_group_heartbeat_s: float = Field(default=1.0, gt=0)
    """How often a member speaks to its group, and so how fast it sees another join or leave."""
    bus_poll_interval_s_max: float = Field(default=300.0, gt=0)
    """How long one batch may take. A member that does not poll for longer gives its partitions up."""
    bus_rebalance_timeout_s: float = Field(default=60.0, gt=0)
    """Kafka: how long a rebalance waits for members to finish the batch in hand: at least the worst batch."""

    bus_log_pool_max: int = Field(default=6, ge=2)
    """Connections of one process to the embedded log."""
    bus_log_poll_s_min: float = Field(default=0.02, gt=0)
    """How soon the embedded log is asked again after it had something."""
    bus_log_poll_s_max: float = Field(default=0.1, gt=0)
    """How seldom it is asked when it stays empty: the most that an idle consumer adds to latency."""
    bus_log_sweep_s: float = Field(default=15.0, gt=0)
    """How often records past their retention are deleted."""
    bus_log_sweep_records_max: int = Field(default=2000, ge=1)
    """Records deleted in one transaction of the sweep, so that it never holds a partition for long."""

    kafka_topic_prefix: str = ""
    """Put before every topic and group, for a cluster that others use too."""
    kafka_replication: int = Field(default=3, ge=1)
    kafka_min_insync: int = Field(default=2, ge=1)
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_ssl_ca_file: Path | None = None
    """Authorities to trust. None: the system's."""
    kafka_ssl_cert_file: Path | None = None
    """Our certificate, where the broker asks clients for one."""
    kafka_ssl_key_file: Path | None = None
    kafka_ssl_key_password: SecretStr | None = None
    kafka_ssl_check_hostname: bool = True
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_linger_ms: int = Field(default=0, ge=0)
    """How long the producer waits for company. 0: a batch is what came while the last request was in flight."""
