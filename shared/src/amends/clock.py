"""The only place where Python reads a clock.

Two times exist. *Real* time runs timeouts, retries, tokens and leases. *Domain* time is what deadlines are measured in;
in demo and test it may run faster (`AMENDS_TIME_SCALE`), from one anchor that all services share, so that a restart
does not jump. The time of an event is domain time read inside the owning service's database (see `amends.outbox`):
nothing here decides a breach.
"""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from amends.instants import format_instant, parse_instant


def real_now() -> datetime:
    """Return this machine's clock, aware, in UTC."""
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return seconds of a clock that never steps back: for timeouts and backoff only."""
    return time.monotonic()


@dataclass(frozen=True, slots=True)
class TimeAnchor:
    """How domain time runs: `virtual + (real - anchor) * scale`.

    The identity anchor (scale 1, virtual = real) is production's.
    """

    real: datetime
    virtual: datetime
    scale: float = 1.0

    @classmethod
    def identity(cls) -> "TimeAnchor":
        """Return the anchor under which domain time is real time."""
        epoch = datetime(2020, 1, 1, tzinfo=UTC)
        return cls(epoch, epoch, 1.0)

    def domain(self, real: datetime) -> datetime:
        """Return the domain time at a real instant."""
        return self.virtual + (real - self.real) * self.scale

    def now(self) -> datetime:
        """Return the domain time now."""
        return self.domain(real_now())

    def real_delay(self, domain: timedelta) -> timedelta:
        """Return how long a domain duration takes in real time."""
        return domain / self.scale

    def to_json(self) -> str:
        """Write the anchor for `AMENDS_TIME_ANCHOR`."""
        return json.dumps(
            {"real": format_instant(self.real), "virtual": format_instant(self.virtual), "scale": self.scale}
        )

    @classmethod
    def from_json(cls, text: str) -> "TimeAnchor":
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        return cls(parse_instant(raw["real"]), parse_instant(raw["virtual"]), float(raw["scale"]))
