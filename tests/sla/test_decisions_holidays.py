"""Holidays that a tenant's policy does not know yet are told where operators look, and make nothing unready."""

from amends.policy.dates import lay_into, table_of
from amends.policy.load import default_policy
from sla_svc.decisions.holidays import TENANTS_TOLD_MAX, unknown_holidays

DEFAULT = default_policy()
NEXT_YEAR_TOO = lay_into(DEFAULT, table_of({"dates": {"2027-01-01": "closed"}, "confirms": [2027]}))


def test_the_year_after_the_last_known_one_is_told_with_tenant_version_and_calendar() -> None:
    told = unknown_holidays([("demo", 3, DEFAULT)], 2026)
    assert list(told) == ["details unconfirmed holidays"]
    assert told["details unconfirmed holidays"] == (
        "demo version 3: calendars.working_days: the holidays of 2027 are not confirmed: only the weekly hours hold there"
    )


def test_nothing_is_told_while_this_year_and_the_next_are_known() -> None:
    entries = [("demo", 3, DEFAULT), ("demo", 4, NEXT_YEAR_TOO)]
    assert unknown_holidays(entries, 2025) == {}
    assert unknown_holidays(entries[1:], 2026) == {}


def test_of_many_tenants_the_first_are_named_and_the_rest_counted() -> None:
    entries = [(f"t{n:02}", 1, DEFAULT) for n in range(TENANTS_TOLD_MAX + 5)]
    told = unknown_holidays(entries, 2026)["details unconfirmed holidays"]
    assert "t09 version 1" in told
    assert "t10" not in told
    assert told.endswith("and 5 more tenants")
