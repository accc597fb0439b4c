"""What alembic does for `amends.migrations`. Apart, so that a start that finds its database up to date goes without it."""

from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, scripts: Path) -> None:
    """Run the migrations that this database lacks."""
    config = Config()
    config.set_main_option("script_location", str(scripts))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def run_in_env() -> None:
    """Run the migrations on the connection that `upgrade` gives: all that a service's `migrations/env.py` does."""
    context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()
