"""Every published version of every tenant's policy, in memory: what open tickets pin (DESIGN 11)."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from amends.errors import NotYet
from amends.events.envelope import Event
from amends.policy.model import Policy


class PolicyMissing(NotYet):
    """This instance does not have that policy yet. Another version is never used instead: wait, or try again."""


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """A tenant's policy under its version number: 1, 2, and so on."""

    tenant: str
    version: int
    policy: Policy


class PolicyBook:
    """Filled from `amends.policy.v1`, read from its start without a group; nothing is ever taken out."""

    def __init__(self) -> None:
        self._published: dict[tuple[str, int], PublishedPolicy] = {}
        self._latest: dict[str, PublishedPolicy] = {}
        self._arrivals: dict[tuple[str, int], asyncio.Event] = {}

    def add(self, event: Event) -> PublishedPolicy:
        """Take in one `amends.policy.published.v1`; the same one again changes nothing.

        Raises:
            ValueError: a body that is no policy.
        """
        entry = PublishedPolicy(event.tenantid, int(event.data["version"]), Policy.read(event.data["body"]))
        self.put(entry)
        return entry

    def put(self, entry: PublishedPolicy) -> None:
        """Take in a policy that is at hand already (own database, simulation, tests)."""
        self._published.setdefault((entry.tenant, entry.version), entry)
        latest = self._latest.get(entry.tenant)
        if latest is None or latest.version < entry.version:
            self._latest[entry.tenant] = entry
        if arrival := self._arrivals.pop((entry.tenant, entry.version), None):
            arrival.set()

    def get(self, tenant: str, version: int) -> Policy:
        """Return the policy that a ticket pinned.

        Raises:
            PolicyMissing: it has not arrived here yet.
        """
        entry = self._published.get((tenant, version))
        if entry is None:
            raise PolicyMissing(f"version {version} of the policy of tenant {tenant} has not arrived here yet")
        return entry.policy

    def latest(self, tenant: str) -> PublishedPolicy:
        """Return the newest policy of a tenant.

        Raises:
            PolicyMissing: none has arrived; intake answers 503.
        """
        entry = self._latest.get(tenant)
        if entry is None:
            raise PolicyMissing(f"tenant {tenant} has no policy here yet")
        return entry

    def tenants(self) -> tuple[str, ...]:
        """Return every tenant that has a policy: a tenant is its policy."""
        return tuple(sorted(self._latest))

    async def wait_for(self, tenant: str, version: int, timeout_s: float) -> Policy:
        """Return the policy that a ticket pinned, waiting at most so many real seconds for it to arrive.

        Raises:
            PolicyMissing: it did not arrive in time; the caller's retry waits again.
        """
        key = (tenant, version)
        if key not in self._published:
            arrival = self._arrivals.setdefault(key, asyncio.Event())
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await arrival.wait()
        return self.get(tenant, version)
