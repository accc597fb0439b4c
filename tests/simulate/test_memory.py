"""What a simulation keeps is bounded by the tickets that are open, however long its stream is."""

import gc
import tracemalloc

import pytest
from bench.streams import lines

from amends.policy.load import default_policy
from amends_cli.simulate import books
from amends_cli.simulate.running import simulate
from amends_cli.simulate.simulation import Simulation

GAP_S = 8 * 3600.0
"""Between two openings: some ten tickets are open at a time, and all of it lies in one year of the calendars."""


def _bytes_per_further_ticket(closed_in_memory_max: int) -> float:
    few, many = 40, 140
    return (_peak(many, closed_in_memory_max) - _peak(few, closed_in_memory_max)) / (many - few)


def _peak(tickets: int, closed_in_memory_max: int) -> int:
    simulation = Simulation(default_policy(), closed_in_memory_max=closed_in_memory_max)
    tracemalloc.start()
    for _ in simulate(lines(tickets, gap_s=GAP_S), simulation):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_simulation_makes_no_reference_cycles_so_that_nobody_need_look_for_them() -> None:
    simulation = Simulation(default_policy())
    gc.collect()
    gc.disable()
    try:
        for _ in simulate(lines(100), simulation):
            pass
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_ticket_that_closed_takes_a_fraction_of_the_memory_of_one_that_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(books, "_ORDERS_IN_MEMORY", 10)
    monkeypatch.setattr(books, "_CUSTOMERS_IN_MEMORY", 10)
    _peak(50, 10)  # fills what is kept once: calendars, rows, templates
    kept = _bytes_per_further_ticket(closed_in_memory_max=1000)
    set_aside = _bytes_per_further_ticket(closed_in_memory_max=10)
    # What remains of one is in caches with an end: strings of JSON that was read, instants as they are written.
    assert set_aside < kept / 5
