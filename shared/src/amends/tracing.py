"""W3C `traceparent` through HTTP and the bus (DESIGN 14): carried, never sampled here."""

from contextvars import ContextVar

_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str | None:
    """Return the `traceparent` of the request or event being handled, if it had one."""
    return _traceparent.get()


def set_traceparent(value: str | None) -> None:
    """Set it for the current task."""
    _traceparent.set(value)
