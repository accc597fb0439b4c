"""`amends policy check` and `diff`: what they write, and what their exit codes mean."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from amends.policy.packs import PACKS, pack_text
from amends.policy.verdict import judge
from amends_cli.commands.policy import app

DIFFERS = "extends: default\nsettings: {reclassified_reply_min: 3h}\n"


def amends_policy(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def policy_file(tmp_path: Path) -> Any:
    def written(text: str, name: str = "policy.yaml") -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    return written


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_is_checked_by_its_name(name: str) -> None:
    assert amends_policy("check", name).exit_code == 0


def test_a_file_wins_over_the_pack_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").write_text("title: broken\n", encoding="utf-8")
    assert amends_policy("check", "default").exit_code == 1


def test_a_refused_policy_exits_1_with_the_findings_that_the_service_gives(policy_file: Any) -> None:
    text = "extends: default\nclocks: [{id: B3, clock: refund_execute, start: opened, target: 8d, stop: resolved}]\n"
    done = amends_policy("check", policy_file(text), "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1
    assert told == judge(text, 2026).shown()
    assert [finding["row"] for finding in told["findings"]] == ["clocks B3/refund_execute"]


def test_an_accepted_policy_shows_its_warnings(policy_file: Any) -> None:
    done = amends_policy("check", policy_file(DIFFERS), "--json")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["accepted"], told["findings"]) == (0, True, [])
    assert all(warning["row"] == "calendars.working_days" for warning in told["warnings"])


def test_policies_that_say_the_same_exit_0(policy_file: Any) -> None:
    done = amends_policy("diff", "default", policy_file(pack_text("default")), "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"same": True, "changes": []})


def test_policies_that_differ_exit_1_with_the_rows(policy_file: Any) -> None:
    file = policy_file(DIFFERS)
    done, for_programs = amends_policy("diff", "default", file), amends_policy("diff", "default", file, "--json")
    assert (done.exit_code, for_programs.exit_code) == (1, 1)
    assert done.stdout == "~ settings\n    reclassified_reply_min: 2h → 3h\n"
    assert json.loads(for_programs.stdout) == {
        "same": False,
        "changes": [
            {
                "row": "settings",
                "change": "changed",
                "fields": [{"field": "reclassified_reply_min", "before": "2h", "after": "3h"}],
            }
        ],
    }


def test_a_long_row_is_cut_for_people_and_whole_for_programs() -> None:
    done, for_programs = amends_policy("diff", "default", "jd"), amends_policy("diff", "default", "jd", "--json")
    assert "more fields: --json shows them" in done.stdout
    assert "values, 2004-01-01 to" in done.stdout
    assert '"special.2026-10-10"' in for_programs.stdout


def test_a_policy_that_would_be_refused_has_no_difference(policy_file: Any) -> None:
    done = amends_policy("diff", "default", policy_file("title: nothing else\n"))
    assert done.exit_code != 0
    assert "would be refused" in str(done.exception)
