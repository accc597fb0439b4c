"""Sends a policy to the service that keeps policies."""

from typing import Any

from amends_cli.suite.client import SuiteClient


def publish(client: SuiteClient, tenant: str, text: str) -> dict[str, Any]:
    """Publish a policy's YAML for a tenant and return what sla says of it (its version). Raises CommandFailed."""
    return dict(client.post("sla", "/v1/policies", tenant, {"body": text}).json())
