"""When a process that ended starts again."""

from dataclasses import dataclass

FIRST_DELAY_S = 0.0
"""After a healthy run the first restart comes at once: deadlines wait for nobody."""
DELAYS_S = (FIRST_DELAY_S, 0.5, 1.0, 2.0, 4.0, 8.0)
STEADY_S = 30.0
"""Who ran that long was healthy: its next end counts as the first."""


@dataclass(frozen=True, slots=True)
class Ends:
    """How often in a row a process ended young, and when it may start again (monotonic seconds)."""

    in_a_row: int = 0
    start_again_at_s: float = 0.0


def after_end(ends: Ends, *, started_s: float, ended_s: float) -> Ends:
    """Decide, at a process's end, when it starts again: at once, then after ever longer pauses, never longer than 8 s."""
    in_a_row = 1 if ended_s - started_s >= STEADY_S else ends.in_a_row + 1
    delay_s = DELAYS_S[min(in_a_row, len(DELAYS_S)) - 1]
    return Ends(in_a_row, ended_s + delay_s)
