"""What the business calendar costs: `add` over five years against `add` over a day, warm (issue: at most five times).

Run: python -m bench.calendar_cost. Prints one line of JSON; exit 1 when the ratio is above the limit.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from time import perf_counter_ns

from amends.calendar import BusinessCalendar
from amends.policy.load import default_policy

RATIO_MAX = 5.0
ROUNDS = 200
CALLS = 50
START = datetime(2020, 3, 2, 1, 0, tzinfo=UTC)  # Monday 09:00 in Shanghai; the five years after it are all known


def main() -> int:
    """Measure, print, and say whether the limit holds."""
    policy = default_policy()
    found = {name: _measured(policy.calendar(name)) for name in sorted(policy.calendars)}
    worst = max(result["ratio"] for result in found.values())
    sys.stdout.write(json.dumps({"calendar_add": found, "ratio_max": RATIO_MAX, "holds": worst <= RATIO_MAX}) + "\n")
    return 0 if worst <= RATIO_MAX else 1


def _measured(calendar: BusinessCalendar) -> dict[str, float]:
    day = calendar.elapsed(START, START + timedelta(days=1))
    years = calendar.elapsed(START, START.replace(year=START.year + 5))
    for length in (day, years):  # warm: the years are reckoned once
        calendar.add(START, length)
    one, five = _best_ns(calendar, day), _best_ns(calendar, years)
    return {"day_us": round(one / 1000, 2), "five_years_us": round(five / 1000, 2), "ratio": round(five / one, 2)}


def _best_ns(calendar: BusinessCalendar, length: timedelta) -> float:
    """Return the cost of one call: the least of many rounds, as everything else on the machine only adds to it."""
    rounds = []
    for _ in range(ROUNDS):
        begun = perf_counter_ns()
        for _ in range(CALLS):
            calendar.add(START, length)
        rounds.append((perf_counter_ns() - begun) / CALLS)
    return min(rounds)


if __name__ == "__main__":
    raise SystemExit(main())
