"""What `amends simulate` gets through on one core, beside a baseline of the same run that only copies the events.

Run: python -m bench.simulate [TICKETS]. Prints one line of JSON; exit 1 when it is slower than it promises.

`events_per_s` counts the events read and those written: both are events of the stream that an analyst ends up with.
The baseline reads the same lines and writes the same output with the standard library's JSON, and decides nothing.
"""

import json
import sys
from collections.abc import Callable
from time import process_time

from amends.policy.load import default_policy
from amends_cli.simulate.main import look_for_garbage_rarely
from amends_cli.simulate.running import simulate
from amends_cli.simulate.simulation import Simulation
from amends_cli.simulate.telling import line_of
from bench.streams import lines

EVENTS_PER_S_MIN = 10_000
TICKETS = 3_000
ROUNDS = 2


def main(arguments: list[str]) -> int:
    """Measure, print, and say whether the promise holds."""
    tickets = int(arguments[0]) if arguments else TICKETS
    read = list(lines(tickets))
    written = _simulated(read)
    look_for_garbage_rarely()
    took_s = min(_cpu_s(lambda: _simulated(read)) for _ in range(ROUNDS))
    copied_s = min(_cpu_s(lambda: _copied(read, written)) for _ in range(ROUNDS))
    events = len(read) + len(written)
    found = {
        "events_read": len(read),
        "events_written": len(written),
        "events_per_s": round(events / took_s),
        "read_per_s": round(len(read) / took_s),
        "cpu_us_per_event_read": round(1e6 * took_s / len(read), 1),
        "copying_events_per_s": round(events / copied_s),
        "ratio_to_copying": round(took_s / copied_s, 1),
    }
    holds = events / took_s >= EVENTS_PER_S_MIN
    report = {"simulate": found, "events_per_s_min": EVENTS_PER_S_MIN, "holds": holds}
    sys.stdout.write(json.dumps(report) + "\n")
    return 0 if holds else 1


def _cpu_s(work: Callable[[], object]) -> float:
    """Return the processor time that this process used: what else runs on the machine takes none of it away."""
    begun = process_time()
    work()
    return process_time() - begun


def _simulated(read: list[bytes]) -> list[str]:
    simulation = Simulation(default_policy())
    return [line_of(said) for events in simulate(read, simulation) for said in events]


def _copied(read: list[bytes], written: list[str]) -> None:
    for line in read:
        json.loads(line)
    for line in written:
        json.dumps(json.loads(line))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
