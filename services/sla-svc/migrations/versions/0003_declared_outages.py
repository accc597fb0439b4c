"""Outages that people declare, and how far tickets have been worked: what was certain when one was declared."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = (
    # `after`: its place among the events and timers of every ticket. `declared_at`: domain time; `made_at`: real time.
    # `handed_*`: how far the tickets that it touches have been handed to the applier.
    """CREATE TABLE declared_outages (
        id uuid PRIMARY KEY, tenant text NOT NULL, since timestamptz NOT NULL, until timestamptz NOT NULL,
        held_until timestamptz NOT NULL, after timestamptz NOT NULL, reason text NOT NULL, declared_by text NOT NULL,
        declared_at timestamptz NOT NULL, made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        handed_at timestamptz NOT NULL, handed_ticket text NOT NULL DEFAULT '',
        handed_over boolean NOT NULL DEFAULT false
    )""",
    "CREATE INDEX declared_outages_tenant ON declared_outages (tenant, since, id)",
    "CREATE INDEX declared_outages_waiting ON declared_outages (id) WHERE NOT handed_over",
    # One row, locked by whoever declares: an instance says how far it is going to work before it does.
    """CREATE TABLE worked_up_to (
        one boolean PRIMARY KEY DEFAULT true CHECK (one), up_to timestamptz NOT NULL
    )""",
    """INSERT INTO worked_up_to (up_to)
        SELECT COALESCE(max(up_to), timestamptz '1970-01-01 00:00:00+00') FROM watermark_seen""",
    # Tickets with a run that was given an outage back, and its end: an outage that is prolonged finds them.
    """CREATE TABLE given_back (
        tenant text NOT NULL, outage_until timestamptz NOT NULL, ticket_id text NOT NULL,
        noted_at timestamptz NOT NULL DEFAULT clock_timestamp(), PRIMARY KEY (tenant, outage_until, ticket_id)
    )""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
