"""Publishing a policy: checked, numbered 1, 2, … per tenant, kept with its author, published whole (DESIGN 11)."""

from dataclasses import dataclass

from amends.db import Tx
from amends.events.policy import PolicyPublished
from amends.outbox import Outbox
from amends.policy.dates import DateTable, lay_into
from amends.policy.model import Policy
from sla_svc.store import policies
from sla_svc.store.policies import StoredPolicy


@dataclass(frozen=True, slots=True)
class Publication:
    """The version that holds after a request to publish; `new` is false when the body was that of the last one."""

    policy: StoredPolicy
    new: bool


class NoPolicyYet(Exception):  # noqa: N818 - named after what is the case
    """There is no policy to change."""


async def publish(tx: Tx, outbox: Outbox, tenant: str, policy: Policy, author: str) -> Publication:
    """Give a checked policy its number and publish it; an unchanged body makes no new version."""
    await policies.lock(tx, tenant)
    last = await policies.latest(tx, tenant)
    body = policy.body()
    if last is not None and last.body == body:
        return Publication(last, new=False)
    subject = f"tenant/{tenant}"
    at = await outbox.now(tx, subject)
    version = 1 if last is None else last.version + 1
    stored = StoredPolicy(version, body, author, at)
    await policies.add(tx, tenant, stored)
    fact = PolicyPublished(version=version, body=body)
    await outbox.publish_about(tx, subject, fact, tenant=tenant, at=at, key=f"{subject}/{version}")
    return Publication(stored, new=True)


async def import_dates(tx: Tx, outbox: Outbox, tenant: str, table: DateTable, author: str) -> Publication:
    """Lay dates into a calendar of the tenant's newest policy, and publish that as the next version.

    Raises:
        TableError: the table does not fit the policy.
        NoPolicyYet: the tenant has none.
    """
    await policies.lock(tx, tenant)  # nobody publishes between reading the newest version and making the next
    last = await policies.latest(tx, tenant)
    if last is None:
        raise NoPolicyYet(f"tenant {tenant} has published none")
    return await publish(tx, outbox, tenant, lay_into(Policy.read(last.body), table), author)
