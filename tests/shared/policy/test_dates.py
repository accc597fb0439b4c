"""Tables of dates, read from CSV, JSON and YAML, and laid into a policy's calendar."""

from datetime import date, datetime
from typing import Any, Literal

import pytest

from amends.policy.check import warnings
from amends.policy.dates import DateTable, TableError, lay_into, read_table, table_of
from amends.policy.due import due
from amends.policy.load import default_policy, load, pack

MAY = date(2027, 5, 1)  # a Saturday
READ = {"2027-01-01": "closed", "2027-02-06": "working", "2027-02-05": [["08:30", "12:00"], ["13:00", "15:00"]]}
CSV = """date,day,note
# New Year
2027-01-01,closed,元旦

2027-02-06, working ,调休
2027-02-05,08:30-12:00 13:00-15:00
"""
YAML = '2027-01-01: closed\n2027-02-06: working\n"2027-02-05": [["08:30", "12:00"], ["13:00", "15:00"]]\n'
JSON = '{"calendar": "working_days", "confirms": [2027], "dates": {"2027-01-01": "closed"}}'


def working_days(table: DateTable) -> Any:
    return lay_into(default_policy(), table).calendars["working_days"]


@pytest.mark.parametrize(("text", "notation"), [(CSV, "csv"), (YAML, "yaml")])
def test_one_table_in_every_notation(text: str, notation: Literal["csv", "yaml"]) -> None:
    assert read_table(text, notation) == table_of({"dates": READ})


def test_json_may_name_its_calendar_and_confirm_years() -> None:
    table = read_table(JSON, "json")
    assert (table.calendar, table.confirms) == ("working_days", (2027,))


def test_dates_are_laid_into_the_calendar_and_others_stay() -> None:
    row = working_days(table_of({"dates": READ}))
    assert date(2027, 1, 1) in row.closed
    assert date(2026, 10, 1) in row.closed
    assert row.special[date(2027, 2, 6)] == (("08:30", "21:00"),)  # a Saturday that works, with Monday's hours
    assert row.special[date(2027, 2, 5)] == (("08:30", "12:00"), ("13:00", "15:00"))


def test_a_later_table_wins_over_an_earlier_one() -> None:
    policy = lay_into(default_policy(), table_of({"dates": {"2026-10-01": "working", "2026-10-10": "closed"}}))
    row = policy.calendars["working_days"]
    assert (date(2026, 10, 1) in row.closed, date(2026, 10, 10) in row.special) == (False, False)
    back = lay_into(policy, table_of({"dates": {"2026-10-01": "closed", "2026-10-10": "working"}}))
    again = back.calendars["working_days"]
    assert date(2026, 10, 1) in again.closed
    assert again.special[date(2026, 10, 10)] == (("08:30", "21:00"),)


def test_only_years_that_are_confirmed_by_name_lose_their_warning() -> None:
    policy = lay_into(default_policy(), table_of({"dates": READ}))
    assert warnings(policy, (2026, 2027)) != ()
    assert warnings(lay_into(policy, table_of({"dates": READ, "confirms": [2027]})), (2026, 2027)) == ()


def test_a_deadline_moves_with_the_table_i3() -> None:
    assert default_policy().calendar("working_days").is_open(datetime.fromisoformat("2027-01-01T10:00+08:00"))
    policy = lay_into(default_policy(), table_of({"dates": {"2027-01-01": "closed"}, "confirms": [2027]}))
    row = policy.row("feedback", "I3")
    assert row is not None
    # Thursday 31 December 2026: New Year's Day is a holiday now; Monday 4, Tuesday 5, Wednesday 6 January
    found = due(row, datetime.fromisoformat("2026-12-31T10:00+08:00"), policy)
    assert found.due_at == datetime.fromisoformat("2027-01-06T21:00+08:00")
    assert found.calendar_confirmed


def test_the_policy_that_comes_out_may_be_published() -> None:
    policy = lay_into(default_policy(), table_of({"dates": READ, "confirms": [2027]}))
    assert load(policy.body()) == policy


@pytest.mark.parametrize(
    ("text", "notation", "told"),
    [
        ("2027-01-01\n", "csv", "line 1: a date and closed, working or windows"),
        ("date,day\n2027-13-01,closed\n", "csv", "line 2: '2027-13-01' is no date"),
        ("2027-01-01,closed\n2027-01-01,working\n", "csv", "line 2: 2027-01-01 is given twice"),
        ("2027-01-01,holiday\n", "csv", "2027-01-01: is closed, working, or windows"),
        ("2027-01-01,09:00-25:00\n", "csv", "2027-01-01: is closed, working, or windows"),
        ("", "csv", "dates: "),
        ("{", "json", "Expecting property name"),
        ("[]", "json", "a table is a mapping"),
        ('{"2027-01-01": "closed", "2027-01-01": "working"}', "json", "2027-01-01 is given twice"),
        ('{"dates": []}', "json", "dates: a mapping"),
        ('{"someday": "closed"}', "json", "someday: is no date"),
        ('{"2027-01-01": 7}', "json", "2027-01-01: is closed, working, or windows"),
        ('{"dates": {"2027-01-01": "closed"}, "color": 1}', "json", "color: "),
        ("2027-01-01: closed\n2027-01-01: working\n", "yaml", "is given twice"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(text: str, notation: Any, told: str) -> None:
    with pytest.raises(TableError) as refused:
        read_table(text, notation)
    assert told in str(refused.value)


def test_windows_that_end_before_they_start_and_calendars_that_never_open_are_refused() -> None:
    with pytest.raises(TableError, match="calendar working_days: the window 21:00-08:30 does not end after it starts"):
        working_days(table_of({"dates": {"2027-01-01": [["21:00", "08:30"]]}}))


def test_a_calendar_must_be_known_and_named_where_there_are_several() -> None:
    table = table_of({"dates": {"2027-01-01": "closed"}})
    with pytest.raises(TableError, match="no calendar 'moon'; it has service, working_days"):
        lay_into(default_policy(), table.model_copy(update={"calendar": "moon"}))
    with pytest.raises(TableError, match="say which calendar: the policy has jd_workdays, service, working_days"):
        lay_into(pack("jd"), table)
