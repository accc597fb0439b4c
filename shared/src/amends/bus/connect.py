"""From `BUS_URL` to a bus."""

from urllib.parse import urlsplit

from amends.bus.port import Bus
from amends.bus.settings import BusSettings


def connect(url: str, settings: BusSettings | None = None) -> Bus:
    """Return the bus at `postgresql://…/database` or `kafka://host:port,…`, not yet started.

    Raises ValueError for any other scheme. Settings default to the environment's.
    """
    settings = settings if settings is not None else BusSettings()
    match urlsplit(url).scheme:
        case "postgresql" | "postgres":
            from amends.bus.postgres.bus import PostgresBus  # noqa: PLC0415 - one adapter is loaded, not both

            return PostgresBus(url, settings)
        case "kafka":
            from amends.bus.kafka.bus import KafkaBus  # noqa: PLC0415 - one adapter is loaded, not both

            return KafkaBus(url, settings)
        case scheme:
            raise ValueError(f"BUS_URL {scheme}://…: give postgresql://… or kafka://…")
