"""What docs/policy.md shows works as it is shown."""

import re
from pathlib import Path

from tests.shared.policy.bodies import findings

from amends.policy.dates import read_table
from amends.policy.difference import difference
from amends.policy.load import default_policy, load

PAGE = (Path(__file__).parents[3] / "docs" / "policy.md").read_text(encoding="utf-8")


def test_the_example_policy_is_accepted_and_differs_where_it_says() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert findings(text) == []
    changed = {(change.row, change.kind) for change in difference(default_policy(), load(text))}
    assert changed == {
        ("title", "changed"),
        ("amounts", "changed"),
        ("clocks B2/dept_reply", "changed"),
        ("clocks B7/dept_reply", "removed"),
    }


def test_the_example_dates_are_read() -> None:
    rows = re.findall(r"^\| `(\d{4}-\d\d-\d\d,[^`]+)` \|", PAGE, re.MULTILINE)
    assert len(read_table("\n".join(rows), "csv").dates) == len(rows) == 3
