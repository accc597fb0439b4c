"""What makes complaints of several customers one (J3)."""

from pydantic import Field

from amends.policy.rows import RuleId
from amends.policy.values import Duration, Frozen, Many


class Groups(Frozen):
    """When tickets become one incident, whose tickets carry `tag` and so stand in a queue of their own (J3).

    So many customers at least, with tickets of one of the `kinds` about the same SKU or merchant and of the same
    category, accepted within `within` of each other.
    """

    id: RuleId
    kinds: Many[str] = Field(min_length=1)
    customers_min: int = Field(ge=2)
    within: Duration
    tag: str
    source: Many[str] = ()
