"""What a suite runs with: what was asked for, checked against what its data folder already holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amends_cli.errors import WrongUse
from amends_cli.suite.folder import SERVICES, Remembered
from amends_cli.suite.plan import BUSES

_GIVEN_BY = ("DATABASE_URL", "BUS_URL", "ISSUER_URL")


@dataclass(frozen=True, slots=True)
class Asked:
    """The words after `amends up`; None where nothing was said."""

    bus: str | None = None
    only: tuple[str, ...] = ()
    time_scale: float | None = None

    def services(self) -> tuple[str, ...]:
        """Return the services to run, in the order in which they stand."""
        return tuple(name for name in SERVICES if not self.only or name in self.only)


def check(asked: Asked) -> None:
    """Refuse what cannot be meant. Raises WrongUse."""
    unknown = [name for name in asked.only if name not in SERVICES]
    if unknown:
        raise WrongUse(f"--only takes {', '.join(SERVICES)}; not {', '.join(unknown)}")
    if asked.bus is not None and asked.bus not in BUSES:
        raise WrongUse(f"--bus takes {' or '.join(BUSES)}; not {asked.bus}")
    if asked.time_scale is not None and not asked.time_scale > 0:
        raise WrongUse(f"--time-scale takes a number above 0 (60: a minute is an hour); not {asked.time_scale:g}")


def settle(asked: Asked, remembered: Remembered) -> Remembered:
    """Return what the suite runs with. What its folder holds stays: its events are on that bus, in that time.

    Raises:
        WrongUse: another bus or time scale is asked for than the folder's.
    """
    bus = remembered.bus or asked.bus or "embedded"
    scale = remembered.time_scale or asked.time_scale or 1.0
    if asked.bus not in {None, bus}:
        raise WrongUse(
            f"this data folder's events are on the {bus} bus: leave --bus out, or name another folder (--data)"
        )
    if asked.time_scale not in {None, scale}:
        raise WrongUse(
            f"this data folder's time runs at scale {scale:g}, and its deadlines with it: leave --time-scale out, or name "
            "another folder (--data)"
        )
    return remembered.model_copy(update={"bus": bus, "time_scale": scale})


def given_urls(asked: Asked, environment: Mapping[str, str]) -> bool:
    """Whether one service is meant to run alone against servers that the environment names."""
    return len(asked.only) == 1 and all(environment.get(name) for name in _GIVEN_BY)


def split_names(words: Sequence[str]) -> tuple[str, ...]:
    """Read service names given one by one, or with commas."""
    return tuple(name for word in words for name in word.replace(",", " ").split())
