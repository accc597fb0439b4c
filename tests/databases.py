"""Databases that tests share: made once, and as new again before each test. That takes a twentieth of making one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from amends.db import engine_for
from amends.migrations import migrate

_AS_NEW = text("""
    DO $$
    DECLARE
        used text;
        named name;
    BEGIN
        -- Whoever an earlier test left behind would hold locks.
        PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
        -- Some tables refuse to be emptied (the ledger): a test's superuser sets their triggers aside.
        SET LOCAL session_replication_role = replica;
        SELECT string_agg(format('public.%I', relname), ', ') INTO used FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0;
        IF to_regnamespace('born_with') IS NULL THEN
            CREATE SCHEMA born_with;
            FOREACH named IN ARRAY string_to_array(replace(coalesce(used, ''), 'public.', ''), ', ') LOOP
                EXECUTE format('CREATE TABLE born_with.%I AS TABLE public.%1$I', named);
            END LOOP;
        ELSIF used IS NOT NULL THEN
            EXECUTE 'TRUNCATE ' || used || ' RESTART IDENTITY CASCADE';
            FOR named IN SELECT relname FROM pg_class WHERE relnamespace = 'born_with'::regnamespace AND relkind = 'r' LOOP
                EXECUTE format('INSERT INTO public.%I OVERRIDING SYSTEM VALUE TABLE born_with.%1$I', named);
            END LOOP;
        END IF;
    END
    $$
""")


async def as_new(engine: AsyncEngine) -> None:
    """Bring a database back to what it held when this was called first: nothing, or what its migrations wrote."""
    async with engine.begin() as connection:
        await connection.execute(_AS_NEW)


@asynccontextmanager
async def migrated(url: str, scripts: Path, *, pool_size: int = 10) -> AsyncIterator[AsyncEngine]:
    """Open a service's database, up to date and as new."""
    engine = engine_for(url, application="test", pool_size=pool_size)
    await migrate(engine, scripts)
    await as_new(engine)
    yield engine
    await engine.dispose()
