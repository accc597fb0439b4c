"""`amends calendar import`: which files it takes, and what it sends."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from amends.policy.dates import read_table
from amends_cli.commands.calendar import app, body_of
from amends_cli.errors import WrongUse


def imported(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["import", *arguments])


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("holidays.txt", "2027-01-01,closed", "a table ends in .csv, .json, .yaml, .yml"),
        ("holidays.csv", "2027-01-01,holiday", "2027-01-01: is closed, working, or windows"),
        ("holidays.csv", "\n1 January,closed", "line 2: '1 January' is no date such as 2027-01-01"),
        ("holidays.json", "{", "holidays.json: Expecting"),
        ("holidays.yaml", "- 2027-01-01", "a table is a mapping"),
        ("holidays.csv", None, "cannot be read"),
        ("holidays.csv", "2027-01-01,closed", "no suite is ready in"),
    ],
)
def test_what_cannot_be_imported_is_wrong_use_and_says_why(
    tmp_path: Path, name: str, text: str | None, told: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = imported(str(tmp_path / name), "--data", str(tmp_path / "nothing"))
    assert isinstance(done.exception, WrongUse)
    assert (done.exception.exit_code, told in str(done.exception)) == (2, True), done.exception


def test_a_file_that_a_spreadsheet_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / "holidays.csv").write_bytes(
        b"\xef\xbb\xbfdate,day\r\n2027-01-01,closed\r\n"
    )  # with its byte order mark
    done = imported(str(tmp_path / "holidays.csv"), "--data", str(tmp_path / "nothing"))
    assert "no suite is ready" in str(done.exception)


def test_the_command_line_is_laid_over_the_file() -> None:
    table = read_table('{"calendar": "service", "confirms": [2027], "dates": {"2027-02-06": "09:00-12:00"}}', "json")
    dates = {"2027-02-06": [["09:00", "12:00"]]}
    assert body_of(table, None, ()) == {"calendar": "service", "dates": dates, "confirms": [2027]}
    assert body_of(table, "own", (2028,)) == {"calendar": "own", "dates": dates, "confirms": [2027, 2028]}
