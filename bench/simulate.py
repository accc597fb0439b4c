"""What `amends simulate` gets through on one core, beside a baseline of the same run that only copies the events.

Run: python -m bench.simulate [TICKETS]. Prints one line of JSON; exit 1 when it does not hold what it promises.

Both run as the command does, from a file to a file, and count processor time: what else runs on the machine takes little
of it away. The baseline reads the same lines and writes the same output with the standard library's JSON, and decides
nothing; so a slow machine shows in both, and slow decisions in their ratio alone. The promises: at most so many times the
baseline, and so many events a second, read and written, of which every event read brings about four.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from time import process_time

from amends_cli.simulate.main import Asked, run
from bench.streams import lines

RATIO_MAX = 5.0
EVENTS_PER_S_MIN = 10_000
TICKETS = 3_000
ROUNDS = 3


def main(arguments: list[str]) -> int:
    """Measure, print, and say whether the promise holds."""
    tickets = int(arguments[0]) if arguments else TICKETS
    with tempfile.TemporaryDirectory() as folder:
        read, written, copy = (Path(folder, name) for name in ("read", "written", "copy"))
        read.write_bytes(b"".join(lines(tickets)))
        took = [
            (_cpu_s(lambda: _simulate(read, written)), _cpu_s(lambda: _copy(read, written, copy)))
            for _ in range(ROUNDS)
        ]
        events_read, events_written = _count(read), _count(written)
    simulated_s, copied_s = map(min, zip(*took, strict=True))
    found = {
        "events_read": events_read,
        "events_written": events_written,
        "read_per_s": round(events_read / simulated_s),
        "read_and_written_per_s": round((events_read + events_written) / simulated_s),
        "cpu_us_per_event_read": round(1e6 * simulated_s / events_read, 1),
        "copying_read_per_s": round(events_read / copied_s),
        "ratio_to_copying": round(simulated_s / copied_s, 1),
    }
    enough = (events_read + events_written) / simulated_s >= EVENTS_PER_S_MIN
    holds = enough and simulated_s / copied_s <= RATIO_MAX
    promised = {"ratio_max": RATIO_MAX, "events_per_s_min": EVENTS_PER_S_MIN}
    report = {"simulate": found, **promised, "holds": holds}
    sys.stdout.write(json.dumps(report) + "\n")
    return 0 if holds else 1


def _cpu_s(work: Callable[[], object]) -> float:
    begun = process_time()
    work()
    return process_time() - begun


def _simulate(read: Path, written: Path) -> None:
    run(Asked(str(read), output=written))


def _copy(read: Path, written: Path, copy: Path) -> None:
    for line in _lines_of(read):
        json.loads(line)
    with copy.open("wb") as out:
        for line in _lines_of(written):
            out.write(json.dumps(json.loads(line)).encode() + b"\n")


def _count(file: Path) -> int:
    return sum(1 for _ in _lines_of(file))


def _lines_of(file: Path) -> Iterable[bytes]:
    with file.open("rb") as stream:
        yield from stream


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
