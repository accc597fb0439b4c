"""From settings to aiokafka's clients, and its errors in the port's words."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from amends.bus.port import BusError
from amends.bus.settings import BusSettings

AWAY = (KafkaError, OSError, TimeoutError)
"""What aiokafka raises when the cluster cannot do something now."""

METADATA_AGE_MS = 30_000
"""How soon a topic that was made later is noticed."""
POLL_INTERVAL_MS = 86_400_000
"""Out of the way: aiokafka (0.14) miscounts it after a cancelled call, so we watch for stuck batches ourselves."""
PRODUCER_BATCH_BYTES = 131_072
RECORD_OVERHEAD_BYTES = 65_536
"""What Kafka adds to a message; the port's limit is on key, value and headers."""


@contextmanager
def as_bus_errors(doing: str) -> Iterator[None]:
    """Raise whatever Kafka answers badly as BusError."""
    try:
        yield
    except AWAY as error:
        raise BusError(f"Kafka cannot {doing}: {type(error).__name__}: {error}") from error


def servers(url: str) -> list[str]:
    """Read `kafka://host:port,host:port`. Raises ValueError when there is no host."""
    found = [server for server in urlsplit(url).netloc.split(",") if server]
    if not found:
        raise ValueError(f"{url!r} names no Kafka server: kafka://host:9092,…")
    return found


def ssl_context(settings: BusSettings) -> ssl.SSLContext | None:
    """Return how to speak TLS, or None where the protocol has none. Raises OSError for files that cannot be read."""
    if "SSL" not in settings.kafka_security_protocol.split("_"):
        return None
    context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_file)
    context.check_hostname = settings.kafka_ssl_check_hostname
    if settings.kafka_ssl_cert_file is not None:
        password = settings.kafka_ssl_key_password
        context.load_cert_chain(
            settings.kafka_ssl_cert_file,
            settings.kafka_ssl_key_file,
            password.get_secret_value() if password is not None else None,
        )
    return context


class Clients:
    """Makes clients of one cluster, and knows how our names stand there: with the prefix of this installation."""

    def __init__(self, url: str, settings: BusSettings) -> None:
        self.settings = settings
        self._prefix = settings.kafka_topic_prefix
        request_timeout_ms = int(settings.bus_request_timeout_s * 1000)
        self._connection: dict[str, Any] = {
            "bootstrap_servers": servers(url),
            "client_id": "amends",
            "request_timeout_ms": request_timeout_ms,
            "metadata_max_age_ms": METADATA_AGE_MS,
            "security_protocol": settings.kafka_security_protocol,
            "ssl_context": ssl_context(settings),
        }
        if settings.kafka_security_protocol.startswith("SASL"):
            password = settings.kafka_sasl_password
            self._connection |= {
                "sasl_mechanism": settings.kafka_sasl_mechanism,
                "sasl_plain_username": settings.kafka_sasl_username,
                "sasl_plain_password": password.get_secret_value() if password is not None else None,
            }

    def there(self, name: str) -> str:
        """Return the cluster's name of our topic or group."""
        return self._prefix + name

    def here(self, name: str) -> str:
        """Return our name of the cluster's topic."""
        return name.removeprefix(self._prefix)

    def is_ours(self, name: str) -> bool:
        """Whether a topic of the cluster belongs to this installation."""
        return name.startswith(self._prefix) and not name.startswith("__")

    def producer(self) -> AIOKafkaProducer:
        """Return an idempotent producer: acknowledged by all in-sync replicas, no duplicate within its life."""
        return AIOKafkaProducer(
            **self._connection,
            acks="all",
            enable_idempotence=True,
            linger_ms=self.settings.kafka_linger_ms,
            max_batch_size=PRODUCER_BATCH_BYTES,
            max_request_size=self.settings.bus_message_bytes_max + RECORD_OVERHEAD_BYTES,
        )

    def reader(self) -> AIOKafkaConsumer:
        """Return a consumer without group."""
        return AIOKafkaConsumer(**self._connection, **self._fetching())

    def member(self, group: str) -> AIOKafkaConsumer:
        """Return a member of a group: dynamic membership, explicit commits."""
        settings = self.settings
        return AIOKafkaConsumer(
            **self._connection,
            **self._fetching(),
            group_id=self.there(group),
            session_timeout_ms=int(settings.bus_group_lease_s * 1000),
            heartbeat_interval_ms=int(settings.bus_group_heartbeat_s * 1000),
            rebalance_timeout_ms=int(settings.bus_rebalance_timeout_s * 1000),
            max_poll_interval_ms=POLL_INTERVAL_MS,
        )

    def admin(self) -> AIOKafkaAdminClient:
        """Return a client that makes topics."""
        return AIOKafkaAdminClient(**self._connection)

    def _fetching(self) -> dict[str, Any]:
        return {
            "enable_auto_commit": False,
            "auto_offset_reset": "none",  # where to start is decided by us alone
            "fetch_max_bytes": self.settings.bus_fetch_bytes_max,
            "max_partition_fetch_bytes": self.settings.bus_partition_fetch_bytes_max,
        }
