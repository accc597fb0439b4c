"""A data folder of an earlier version gets what is missing, and keeps what it has."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

import intake_svc
from amends import migrations
from amends.db import engine_for, reading

pytestmark = pytest.mark.servers

SCRIPTS = migrations.location(intake_svc.__file__ or "")
REVISIONS = sorted(path.name.split("_")[0] for path in Path(SCRIPTS, "versions").glob("0*.py"))


def _upgrade(connection, revision):
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_database_of_an_earlier_version_is_brought_up_to_date(postgres_server, revision):
    name = f"intake_of_{revision}"
    postgres_server.create_database(name)
    engine = engine_for(postgres_server.url(name), application="intake-test")
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, revision)
            await connection.execute(text(_TICKET))
        await migrations.migrate(engine, SCRIPTS)
        async with reading(engine) as tx:
            assert (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == REVISIONS[-1]
            assert (await tx.execute(text("SELECT count(*) FROM tickets"))).scalar_one() == 1
            linked = (await tx.execute(text("SELECT incident_id, ticket_id FROM incident_tickets WHERE linked"))).all()
        assert linked == ([] if revision == REVISIONS[-1] else [("i-1", "t-1"), ("i-2", "t-1")])
    finally:
        await engine.dispose()


_TICKET = """
    INSERT INTO tickets (ticket_id, tenant, ticket_no, opened_by, policy_version, version, status, kind, level, tags,
        asked, accepted_at, fields, kept)
    VALUES ('t-1', 'demo', 'n-1', 'storefront/shop', 1, 1, 'received', 'complaint', 3, '{}', '{}', now(), '{}',
        '{"incidents": ["i-1", "i-2"]}')
"""
