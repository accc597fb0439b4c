"""The embedded PostgreSQL: it comes back with its data, whatever ended it (issue 4, item 5)."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from amends_cli.local.account import Account, choose_account, ordinary_user
from amends_cli.local.binaries import folder_for
from amends_cli.local.postgres import LocalPostgres

pytestmark = pytest.mark.servers


@pytest.fixture
def closed_folder(tmp_path: Path) -> Path:
    """A folder that only its owner may enter, as a clone below root's home is."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder / "postgres"


def test_a_server_killed_and_started_again_keeps_data_port_and_password(closed_folder: Path) -> None:
    server = LocalPostgres(closed_folder)
    server.start()
    server.create_database("kept")
    server.run_sql("kept", "CREATE TABLE remedy (amount bigint)")
    server.run_sql("kept", "INSERT INTO remedy VALUES (30000)")
    url = server.url("kept")

    server.kill()
    assert not server.alive()
    server.start()

    assert server.url("kept") == url
    assert server.run_sql("kept", "SELECT sum(amount) FROM remedy") == "30000"
    server.stop()
    assert not server.alive()


def test_a_pid_file_whose_number_another_program_has_by_now_does_not_keep_it_from_starting(closed_folder: Path) -> None:
    server = LocalPostgres(closed_folder, durable=False)
    server.start()
    server.kill()
    pid_file = closed_folder / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")

    server.start()

    assert server.run_sql("postgres", "SELECT 1") == "1"
    server.stop()


def test_making_a_database_twice_is_making_it_once(postgres_server: LocalPostgres) -> None:
    postgres_server.create_database("twice")
    postgres_server.create_database("twice")

    assert postgres_server.run_sql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'twice'") == "1"


def test_a_database_name_that_is_no_plain_name_is_refused(postgres_server: LocalPostgres) -> None:
    with pytest.raises(ValueError, match="no database name"):
        postgres_server.create_database('x"; DROP DATABASE postgres')


def test_nobody_without_the_password_gets_in(postgres_server: LocalPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LocalPostgres, "_password", "wrong")

    with pytest.raises(RuntimeError, match="password authentication failed"):
        postgres_server.run_sql("postgres", "SELECT 1")


def test_the_password_is_readable_by_its_owner_only(closed_folder: Path) -> None:
    server = LocalPostgres(closed_folder, durable=False)
    server.start()
    server.stop()

    assert stat.S_IMODE((closed_folder / "password").stat().st_mode) == 0o600


def test_root_without_user_namespaces_runs_it_as_an_ordinary_user_from_an_open_folder(
    closed_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = ordinary_user()
    if os.geteuid() != 0 or user is None:
        pytest.skip("only root can become another user")
    open_home = Path("/var/tmp") / f"amends-test-{os.getpid()}"
    monkeypatch.setattr(
        "amends_cli.local.postgres.folder_for",
        lambda folder, account, binaries: folder_for(folder, account, binaries, open_home),
    )
    server = LocalPostgres(closed_folder, durable=False, account=Account(user=(user.pw_uid, user.pw_gid)))
    try:
        server.start()
        server.create_database("kept")
        server.kill()
        server.start()

        assert server.run_sql("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'kept'") == "1"
        assert Path((closed_folder / "elsewhere").read_text().strip()).parent == open_home
    finally:
        server.stop()
        shutil.rmtree(open_home)


@pytest.mark.parametrize(
    ("is_root", "namespaces", "prefixed", "dropped"),
    [(False, True, False, False), (True, True, True, False), (True, False, False, True)],
)
def test_only_root_needs_another_account_and_a_user_namespace_is_preferred(
    is_root: bool, namespaces: bool, prefixed: bool, dropped: bool
) -> None:
    account = choose_account(is_root=is_root, ordinary=ordinary_user(), namespaces=namespaces)

    assert (bool(account.prefix), account.user is not None) == (prefixed, dropped)


def test_root_on_a_machine_without_another_user_is_told_so() -> None:
    with pytest.raises(LookupError, match="run as an ordinary user"):
        choose_account(is_root=True, ordinary=None, namespaces=True)
