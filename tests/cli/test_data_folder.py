"""The data folder: who holds it, and that its secrets are for the owner only."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from amends_cli.suite.folder import DataFolder, Remembered
from amends_cli.suite.leases import AlreadyHeld, Lease, holder

_HOLD = """
import sys
from pathlib import Path
from amends_cli.suite.leases import Lease
lease = Lease(Path(sys.argv[1]))
lease.take()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_lease_names_its_holder_and_is_free_again_when_that_process_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "up.lock"
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "held\n"

    assert holder(file) == process.pid
    with pytest.raises(AlreadyHeld) as held:
        Lease(file).take()
    assert held.value.pid == process.pid

    process.kill()
    process.communicate()
    assert holder(file) is None
    Lease(file).take()


def test_nobody_holds_a_folder_in_which_nothing_ever_ran(tmp_path: Path) -> None:
    assert holder(tmp_path / "up.lock") is None


def test_secrets_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.make()

    assert folder.client_secrets() == folder.client_secrets()
    assert stat.S_IMODE((folder.path / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_what_is_remembered_is_read_back(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    what = Remembered(bus="kafka", time_scale=60.0, anchor="{}", ports={"sla": 1}, policy_published=True)

    folder.remember(what)

    assert folder.remembered() == what


def test_a_suite_that_was_never_ready_has_no_endpoints(tmp_path: Path) -> None:
    assert DataFolder(tmp_path).endpoints() is None
