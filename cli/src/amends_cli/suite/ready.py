"""Waits until processes say that they are ready, healing what falls over meanwhile."""

import time
from collections.abc import Callable, Sequence

import httpx

from amends.clock import monotonic_s
from amends_cli.suite.children import Service
from amends_cli.suite.supervisor import Supervisor

READY_WITHIN_S = 180.0
_POLL_S = 0.1
_ANSWER_WITHIN_S = 3.0


def wait_ready(services: Sequence[Service], supervisor: Supervisor) -> None:
    """Return when `/readyz` of every service answers 200.

    Raises:
        ServerFailed: one ends again and again, or is not ready in time; the message holds what it said last.
    """
    with httpx.Client(timeout=_ANSWER_WITHIN_S, trust_env=False) as http:
        for service in services:
            said = until(lambda service=service: _unready(http, service), supervisor)  # type: ignore[misc]
            if said is not None:
                raise service.failure(f"was not ready within {READY_WITHIN_S:.0f} s; it last said: {said}.")


def until(unmet: Callable[[], str | None], supervisor: Supervisor, within_s: float = READY_WITHIN_S) -> str | None:
    """Wait until `unmet` returns None; return what it said last when the time is over."""
    limit = monotonic_s() + within_s
    while (said := unmet()) is not None:
        if monotonic_s() > limit:
            return said
        supervisor.check(patient=False)
        time.sleep(_POLL_S)
    return None


def _unready(http: httpx.Client, service: Service) -> str | None:
    try:
        answer = http.get(f"{service.plan.url}/readyz")
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return None if answer.is_success else answer.text
