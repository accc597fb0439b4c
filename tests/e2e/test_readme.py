"""The README's walk does what it says: its commands are run as they stand there."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def walk() -> str:
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return "\n".join(["set -euo pipefail", *blocks])


def test_the_walk_from_a_ticket_to_a_refund_ends_in_a_refund_and_a_ledger_that_sums_to_zero(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    bash = shutil.which("bash")
    assert bash
    try:
        run = subprocess.run(
            [bash, "-c", walk()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=240,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
    finally:
        subprocess.run([ROOT / ".venv/bin/amends", "down"], cwd=tmp_path, check=False, timeout=60)
    assert run.returncode == 0, run.stderr[-3000:]
    answers = [json.loads(line) for line in run.stdout.splitlines() if line.startswith('{"items"')]
    remedies = next(answer for answer in answers if "remedy_id" in answer["items"][0] and "state" in answer["items"][0])
    assert [(one["remedy"], one["amount"], one["state"]) for one in remedies["items"]] == [
        ("full_refund", 19900, "issued")
    ]
    explanation = next(json.loads(line) for line in run.stdout.splitlines() if '"sentences"' in line)
    assert "The amount is CNY 199.00." in explanation["sentences"]["en"]
    ledger = next(answer for answer in answers if "sum" in answer)
    assert ledger["sum"] == {"CNY": 0}
    messages = next(answer for answer in answers if "template" in answer["items"][0])
    assert {"ticket_received", "second_reminder"} <= {one["template"] for one in messages["items"]}
