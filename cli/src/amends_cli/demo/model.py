"""What a scenario is made of: orders, people, the steps they take, and what the rulebook says must come of it. Pure data.

Money is in fen. Durations are domain time: how long they take on a real clock is the suite's time scale's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from amends.events.parts import Party

CURRENCY = "CNY"
SUSPENSE = Party(kind="platform", id="suspense")
"""Who carries a remedy while nobody is found responsible."""


def hours(count: float) -> timedelta:
    """Return so many hours of domain time."""
    return timedelta(hours=count)


@dataclass(frozen=True, slots=True)
class Who:
    """A person, a department or a system: the role and subject of the token it comes with."""

    role: str
    subject: str | None = None


SHOP = Who("storefront")
AGENT = Who("specialist", "agent-lin")
LEADER = Who("team_leader", "leader-wu")
OTHER_LEADER = Who("team_leader", "leader-sun")
MANAGER = Who("manager", "manager-zhao")


def department(name: str) -> Who:
    """Return a department's own login."""
    return Who("department", name)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an order; `paid_amount` is what was paid for all of its `quantity`."""

    line_id: str
    name: str
    quantity: int
    paid_amount: int
    affected: bool = False
    missing_quantity: int | None = None
    impairs_use: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the storefront has it. What was paid for it is its items and its shipping."""

    items: tuple[Item, ...]
    shipping_fee: int = 0
    refunded_amount: int = 0

    def as_json(self, order_id: str) -> dict[str, Any]:
        """Return it as in `opened`, under this id."""
        return {
            "order_id": order_id,
            "currency": CURRENCY,
            "paid_amount": sum(item.paid_amount for item in self.items) + self.shipping_fee,
            "shipping_fee": self.shipping_fee,
            "refunded_amount": self.refunded_amount,
            "items": [_item_json(item) for item in self.items],
        }


def _item_json(item: Item) -> dict[str, Any]:
    shown: dict[str, Any] = {"line_id": item.line_id, "sku": f"SKU-{item.line_id}", "name": item.name}
    shown |= {"quantity": item.quantity, "paid_amount": item.paid_amount, "affected": item.affected}
    shown |= {"impairs_use": item.impairs_use}
    return shown if item.missing_quantity is None else {**shown, "missing_quantity": item.missing_quantity}


@dataclass(frozen=True, slots=True)
class Take:
    """A step on the ticket: `POST /tickets/{id}/<noun>`, `wait` after the instant that `since` names."""

    noun: str
    body: Mapping[str, Any] = field(default_factory=dict)
    who: Who = AGENT
    wait: timedelta = timedelta()
    since: Literal["opened", "asked"] = "opened"


@dataclass(frozen=True, slots=True)
class Extend:
    """A leader moves a running clock's deadline to `until` after the opening (rule C5)."""

    clock: str
    until: timedelta
    reason: str
    who: Who


@dataclass(frozen=True, slots=True)
class Approve:
    """A supervisor says yes to the remedy of a clock, once it is decided. `beyond`: who tries first and may not."""

    clock: str
    who: Who
    beyond: Who | None = None


@dataclass(frozen=True, slots=True)
class Revisit:
    """The planned revisit is made, as soon as it is planned (rule H1)."""

    outcome: Literal["solved", "not_solved", "unreachable"]
    who: Who = AGENT


Step = Take | Extend | Approve | Revisit


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A deadline that must be missed: `within` after its clock's start. `rule` None: the case's own."""

    clock: str
    within: timedelta
    step: int = 1
    run: int = 1
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A remedy that must be decided once and issued once, in fen. `because` is the reckoning, for people.

    `payer` is who was known to be liable at the breach; `charged_to`, who was found after it.
    """

    clock: str
    remedy: Literal["cash_voucher", "partial_refund", "full_refund"]
    amount: int
    because: str
    step: int = 1
    payer: Party = SUSPENSE
    charged_to: Party | None = None
    approval: Literal["none", "required"] = "none"

    @property
    def pays_in_the_end(self) -> Party | None:
        """Who is charged back: the payer known at the breach, else who was found later; None: the platform bears it."""
        return self.payer if self.payer != SUSPENSE else self.charged_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """All that must come of a ticket, and nothing beside it.

    `met`: clocks that were answered in time. `escalations`: to whom the ticket went up by itself, in order. `penalty`: in
    fen, against the owner (G2). `held`: the remedy waited for its precondition first (B3). `warnings`: how often the team
    leader was warned. `contact_runs`: how many runs of `contact_interval` there were (H1).
    """

    remedies: tuple[Remedy, ...] = ()
    breaches: tuple[Breach, ...] = ()
    met: tuple[str, ...] = ()
    escalations: tuple[str, ...] = ()
    penalty: int | None = None
    held: bool = False
    warnings: int = 0
    contact_runs: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One ticket of the scenario. `key` names it, `lasts` is the domain time until its last expected outcome.

    `steps` are taken one after the other; each of `alongside` as soon as it can be, whatever the others wait for.
    """

    key: str
    rule: str
    title: str
    kind: str
    case_type: str
    expected: Expected
    lasts: timedelta
    order: Order | None = None
    steps: tuple[Step, ...] = ()
    alongside: tuple[Step, ...] = ()
    channel: str = "app"
    level: int | None = None
    severity: str | None = None
    description: str = ""

    def body(self, run: str) -> dict[str, Any]:
        """Return the body of `POST /tickets`; `run` keeps two runs on one suite apart."""
        told: dict[str, Any] = {"channel": self.channel, "kind": self.kind, "case_type": self.case_type}
        told["customer"] = {"customer_id": f"C-{run}-{self.key}", "language": "zh"}
        optional = {"level": self.level, "severity": self.severity, "description": self.description or None}
        told |= {name: value for name, value in optional.items() if value is not None}
        if self.order is not None:
            told["order"] = self.order.as_json(self.order_id(run))
        return told

    def order_id(self, run: str) -> str:
        """Return the id of its order in this run."""
        return f"O-{run}-{self.key}"
