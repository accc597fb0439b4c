"""Which failures may heal by themselves. Everything else is a fact about the input and does not."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_RETRIABLE_SQLSTATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "25P03"})
"""Serialization, deadlock, lock, shutdown, start-up, connections, idle in transaction: the database, not the statement."""

_NOT_LET_IN = frozenset({"55000", "3D000"})
"""A database that takes no connections, or is not there yet: an operator is at work on it."""


class NotYet(Exception):  # noqa: N818 - it says when, not what broke
    """What is needed is on its way (a policy version, an earlier event): the same call may succeed later."""


def may_heal(error: BaseException) -> bool:
    """Say whether trying the same again later may succeed: lost connections, deadlocks, things still on their way."""
    if isinstance(error, NotYet | OSError | TimeoutError | PoolTimeout | InterfaceError):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated or isinstance(error, OperationalError):
            return True
        return getattr(error.orig, "sqlstate", None) in _RETRIABLE_SQLSTATES | _NOT_LET_IN
    from amends.bus.port import BusError, MessageTooLarge  # noqa: PLC0415 - the bus port knows nothing of databases

    return isinstance(error, BusError) and not isinstance(error, MessageTooLarge)
