"""When an ended process starts again: a pure decision."""

from hypothesis import given
from hypothesis import strategies as st

from amends_cli.suite.backoff import DELAYS_S, STEADY_S, Ends, after_end


def test_the_first_end_after_a_healthy_run_is_healed_at_once() -> None:
    tired = Ends(in_a_row=7, start_again_at_s=0.0)

    assert after_end(tired, started_s=100.0, ended_s=100.0 + STEADY_S) == Ends(1, 100.0 + STEADY_S)


def test_ends_in_a_row_wait_longer_and_longer_up_to_the_last_delay() -> None:
    ends, waits = Ends(), []
    for _ in range(len(DELAYS_S) + 2):
        ends = after_end(ends, started_s=10.0, ended_s=11.0)
        waits.append(ends.start_again_at_s - 11.0)

    assert waits == [*DELAYS_S, DELAYS_S[-1], DELAYS_S[-1]]
    assert waits == sorted(waits)


@given(st.lists(st.floats(min_value=0, max_value=1e4), max_size=30))
def test_it_never_starts_before_it_ended_nor_later_than_the_longest_delay(runs_s: list[float]) -> None:
    ends, now_s = Ends(), 0.0
    for run_s in runs_s:
        ended_s = now_s + run_s
        ends = after_end(ends, started_s=now_s, ended_s=ended_s)
        assert ended_s <= ends.start_again_at_s <= ended_s + DELAYS_S[-1]
        assert ends.in_a_row >= 1
        now_s = ends.start_again_at_s
