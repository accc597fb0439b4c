"""What a policy asks of a ticket, found from the data of `opened` as it stands after reclassifications. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from amends.policy.choose import TicketFacts
from amends.policy.model import Policy
from amends.policy.values import Severity

HIGH_VALUE = "high_value"
BRAND = "brand"
MOST_SERIOUS = 1


def facts_of(policy: Policy, tenant: str, opened: Mapping[str, Any], *, levels_up: int = 0) -> TicketFacts:
    """Return what rows ask of a ticket.

    `opened`: the event's data, with later `reclassified` fields laid over it. `levels_up`: how many levels reopenings
    have raised it (never past 1). Whether the tag `repeat` belongs to it is for intake to know, which sees the history.
    """
    tags = derived_tags(policy, opened)
    kind = str(opened["kind"])
    level = level_of(policy, kind, tags, opened.get("level"))
    return TicketFacts(
        tenant=tenant,
        tags=tags,
        case_type=str(opened["case_type"]),
        level=max(MOST_SERIOUS, level - levels_up),
        channel=str(opened["channel"]),
        kind=kind,
    )


def derived_tags(policy: Policy, opened: Mapping[str, Any]) -> frozenset[str]:
    """Return the ticket's tags, with those that the policy finds.

    `high_value`: its affected value reaches the policy's threshold (J1); `brand`: it is about one of its brands (J2).
    """
    tags = frozenset(str(tag) for tag in opened.get("tags") or ())
    if affected_value(policy, opened) >= policy.amounts.high_value_from:
        tags |= {HIGH_VALUE}
    if policy.brands is not None and opened.get("brand") in policy.brands.names:
        tags |= {BRAND}
    return tags


def affected_value(policy: Policy, opened: Mapping[str, Any]) -> int:
    """Return the paid amount of the affected items (of all when none is named), in minor units.

    Zero without an order, and for an order in another currency than the policy's: its threshold says nothing of that.
    """
    order = opened.get("order")
    if not order or order.get("currency", policy.currency) != policy.currency:
        return 0
    items = order.get("items") or ()
    affected = [item for item in items if item.get("affected")] or items
    return sum(int(item.get("paid_amount", 0)) for item in affected)


def level_of(policy: Policy, kind: str, tags: frozenset[str], given: int | None) -> int:
    """Return the level that was given, else the default one (RULEBOOK C): 1 is the most serious."""
    if given is not None:
        return given
    levels = policy.levels
    tagged = [level for tag, level in levels.by_tag.items() if tag in tags]
    level = min(tagged) if tagged else levels.by_kind.get(kind, levels.otherwise)
    return max(MOST_SERIOUS, level - sum(tag in tags for tag in levels.step_up))


def severity_of(policy: Policy, given: str | None, level: int) -> Severity:
    """Return the severity that was set on the ticket, else the one of its level (RULEBOOK B, Amounts).

    A severity that the policy does not know counts as none given.
    """
    for severity in policy.amounts.voucher.percent_by_severity:
        if severity == given:
            return severity
    known = policy.amounts.severity_by_level
    return known[min(level, max(known))]


def opened_live(policy: Policy, channel: str, at: datetime) -> bool:
    """Say whether a ticket accepted then was opened in service time on a staffed channel: `connect` runs, not `ack`."""
    return channel in policy.channels.staffed and policy.calendar(policy.channels.calendar).is_open(at)
