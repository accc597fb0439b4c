"""What is left out of a comparison of a recording with its simulation."""

import pytest
from tests.simulate.recording import INTAKE, ISSUED, overtaken


def issued(at: str) -> dict:
    data = {"remedy_id": "R-1"}
    return {"source": "/amends/compensation", "type": ISSUED, "subject": "T-1", "time": at, "data": data}


def step(at: str, ticket: str = "T-1") -> dict:
    return {"source": INTAKE, "type": "amends.ticket.reclassified.v1", "subject": ticket, "time": at, "data": {}}


@pytest.mark.parametrize(
    ("taken", "left_out"),
    [
        (step("2026-05-13T10:00:00Z"), set()),  # as it was paid in the simulation: before the payment in both
        (step("2026-05-13T10:00:01Z"), {"T-1"}),
        (step("2026-05-13T11:00:00Z"), {"T-1"}),
        (step("2026-05-13T11:00:01Z"), set()),
        (step("2026-05-13T10:30:00Z", ticket="T-2"), set()),
    ],
)
def test_a_ticket_is_overtaken_when_a_step_came_between_its_simulated_and_its_real_payment(taken, left_out):
    at_once, live = issued("2026-05-13T10:00:00Z"), issued("2026-05-13T11:00:00Z")
    assert overtaken([taken, live], [at_once]) == left_out
    assert overtaken([taken], [at_once]) == set()
