"""A policy, whole: what one tenant promises, frozen, as it stands in the published body (RULEBOOK, "One policy for all of it")."""

from collections.abc import Iterator
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from amends.calendar import BusinessCalendar
from amends.policy.amounts import Amounts, Budgets, Levels
from amends.policy.calendars import CalendarRow
from amends.policy.groups import Groups
from amends.policy.index import index_of
from amends.policy.messages import Contacts, MessageRow, RevisitRow
from amends.policy.rows import ClockRow, RuleId
from amends.policy.values import ClockName, Duration, FeedbackContent, Frozen, Many, Percent, ReviewStage, StaffRole


class Names(Frozen):
    """Names that the policy knows under a rule: case types that share a rulebook row.

    `goods_return`: their goods come back to the seller, so that the law says by when the money does (P1).
    """

    id: RuleId
    names: Many[str]
    goods_return: bool = False
    source: Many[str] = ()


class Channels(Frozen):
    """The channels, all of which accept everything (A10, A12). `staffed`: answered live in hours of `calendar` (A1, A2)."""

    rules: Many[RuleId] = ()
    names: Many[str]
    staffed: Many[str]
    calendar: str


class CodeRange(Frozen):
    """Complaint codes `first` to `last`, both included (RULEBOOK D)."""

    id: RuleId
    category: str
    first: int
    last: int
    contents: Many[str] = ()
    source: Many[str] = ()


class FeedbackContents(Frozen):
    """What written feedback holds (I2). What is missing of it is pointed out, never refused."""

    id: RuleId
    written: Many[FeedbackContent]


class Feedback(Frozen):
    """In which form a customer is told the result (I1): written for one of `levels` or `tags`, else spoken will do."""

    id: RuleId
    levels: Many[Annotated[int, Field(ge=1, le=4)]] = ()
    tags: Many[str] = ()
    contents: FeedbackContents | None = None
    source: Many[str] = ()


class Brands(Frozen):
    """The tenant's famous brands (J2): a ticket about one carries the tag `brand`, whatever the storefront says."""

    id: RuleId
    names: Many[str] = ()
    source: Many[str] = ()


class Extensions(Frozen):
    """Who may move a deadline later, always with a reason (C5)."""

    id: RuleId
    roles: Many[StaffRole]


class Reopening(Frozen):
    """What reopens a resolved ticket (H6) and how many levels up it goes (G4)."""

    id: RuleId
    revisit_outcomes: Many[str]
    rating_max: int
    levels_up: int = Field(ge=0)
    levels_up_rule: RuleId


class RobotPeak(Frozen):
    """When the robot helps out in hours (F4).

    On once the inbound rate has been at or above `rate_per_min` for `on_after`; off once it has been below
    `off_below_percent` of that for `off_after`. The inbound rate: tickets of the tenant opened in the last minute.
    """

    rate_per_min: int = Field(ge=1)
    on_after: Duration
    off_below_percent: Percent
    off_after: Duration


class RobotHours(Frozen):
    """When the robot answers (F4): outside a calendar's hours, and in peaks (None: not in peaks)."""

    id: RuleId
    outside: str
    peak: RobotPeak | None = None


class Reviews(Frozen):
    """Which remedies and resolutions pass reviews first (E5): all `stages`, in order, each by another person.

    Required for a ticket of one of the `levels`, or with one of the `tags`, and for a remedy that a person proposes
    above the limit of the role `remedy_above` (`amounts.limits`; None: whatever its amount, only the rest counts).
    """

    id: RuleId
    stages: Many[ReviewStage] = Field(min_length=1)
    levels: Many[Annotated[int, Field(ge=1, le=4)]] = ()
    tags: Many[str] = ()
    remedy_above: Literal["agent", "team_leader"] | None = None
    source: Many[str] = ()


class RemediesOffered(Frozen):
    """What may be proposed to a customer, who agrees first; breach remedies excepted (B17)."""

    id: RuleId
    names: Many[str]


class InvoiceAdvice(Frozen):
    """Suggest this before a paper invoice; a merchant issues its own (B10)."""

    id: RuleId
    suggest: str
    issuer: Literal["merchant", "platform"]


class Settings(Frozen):
    """Single numbers. `reclassified_reply_min`: what a department has left at least once a ticket changed its type."""

    reclassified_reply_min: Duration


class Policy(Frozen):
    """All rows. Load it with `amends.policy.load`, which also checks it; a published body needs only `Policy.read`."""

    title: str
    author: str | None = None
    review_date: date | None = None
    timezone: str
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    kinds: Many[str]
    channels: Channels
    tags: Many[str]
    case_types: tuple[Names, ...]
    complaint_codes: tuple[CodeRange, ...] = ()
    levels: Levels
    calendars: dict[str, CalendarRow]
    clocks: tuple[ClockRow, ...]
    amounts: Amounts
    budgets: Budgets = Budgets()
    messages: tuple[MessageRow, ...] = ()
    revisits: tuple[RevisitRow, ...] = ()
    contacts: Contacts = Contacts()
    reviews: Reviews | None = None
    feedback: Feedback | None = None
    brands: Brands | None = None
    groups: Groups | None = None
    extensions: Extensions
    reopening: Reopening | None = None
    robot: RobotHours | None = None
    remedies_offered: RemediesOffered | None = None
    invoices: InvoiceAdvice | None = None
    settings: Settings

    @classmethod
    def read(cls, body: dict[str, Any]) -> "Policy":
        """Read a published body. It was checked before it was published; fields of a newer writer are passed over."""
        return cls.model_validate(body, extra="ignore")

    def body(self) -> dict[str, Any]:
        """Return the whole policy as JSON, from which `read` makes an equal one."""
        return self.model_dump(mode="json")

    def calendar(self, name: str) -> BusinessCalendar:
        """Return the calendar of this name, built once.

        Raises:
            KeyError: no calendar has this name; a checked policy never asks for one.
        """
        return self.built_calendars[name]

    @cached_property
    def built_calendars(self) -> dict[str, BusinessCalendar]:
        """Return every calendar, ready to reckon."""
        return {name: row.build(self.timezone) for name, row in self.calendars.items()}

    def with_calendars(self, calendars: dict[str, CalendarRow]) -> "Policy":
        """Return the policy with these calendars; what was built of the old ones is forgotten, as a plain copy keeps it."""
        copy = self.model_copy(update={"calendars": calendars})
        copy.__dict__.pop("built_calendars", None)
        return copy

    def rows(self, clock: ClockName) -> tuple[ClockRow, ...]:
        """Return the rows of one clock, in the order of the policy."""
        return tuple(row for row in self.clocks if row.clock == clock)

    def row(self, clock: str, rule: str) -> ClockRow | None:
        """Return the row that an event names by its clock and rule."""
        return index_of(self.clocks).named.get((clock, rule))

    def revisit(self, clock: str, rule: str) -> RevisitRow | None:
        """Return the revisit that is planned when a run of this clock starts under this rule (H1, J1)."""
        return next((r for r in self.revisits if r.clock == clock and r.id == rule), None)

    @property
    def case_type_names(self) -> frozenset[str]:
        """Return every case type that a ticket may have."""
        return frozenset(name for row in self.case_types for name in row.names)

    def code_range(self, code: int) -> CodeRange | None:
        """Return the range that a complaint code lies in, or None for a code that does not exist."""
        return next((r for r in self.complaint_codes if r.first <= code <= r.last), None)

    def rule_ids(self) -> frozenset[str]:
        """Return every rule id that some row quotes."""
        return frozenset(_quoted({**self.body(), "amounts": None}))


_QUOTING = frozenset({"id", "rule", "rules", "tells_rule", "levels_up_rule"})


def _quoted(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _QUOTING and isinstance(value, str):
                yield value
            elif key in _QUOTING and isinstance(value, list):
                yield from (entry for entry in value if isinstance(entry, str))
            yield from _quoted(value)
    elif isinstance(node, list):
        for entry in node:
            yield from _quoted(entry)
