"""Identifiers: UUIDv7, made in the application, so that an id sorts by the time it was made."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a fresh UUIDv7. Handlers get it as a port, so that a simulator can hand in a counted one."""
    return uuid_utils.compat.uuid7()
