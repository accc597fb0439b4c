"""What a new suite is given once: the default policy for tenant `demo`, and automatic payouts (CONTRACT §7)."""

import json

from amends.policy.load import default_text
from amends_cli.suite.client import SuiteClient
from amends_cli.suite.policies import publish

TENANT = "demo"
_PUBLISHED = "amends.policy.published.v1"


def publish_default_policy(client: SuiteClient) -> None:
    """Publish the policy that ships with the package. One that is there unchanged makes no new version."""
    publish(client, TENANT, default_text())


def policy_is_on_the_bus(client: SuiteClient) -> bool:
    """Whether the published policy has been acknowledged by the bus: services that start now read it before they are ready."""
    lines = client.get("sla", "/v1/events", TENANT).text.splitlines()
    return any(json.loads(line)["type"] == _PUBLISHED for line in lines)


def pay_automatically(client: SuiteClient) -> None:
    """Have the demo tenant's remedies paid without asking."""
    client.put("compensation", "/v1/payouts", TENANT, {"mode": "automatic"})
