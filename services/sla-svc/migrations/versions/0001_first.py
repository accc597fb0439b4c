"""The first tables: stored events, tickets with their state and next timer, clocks as the API shows them, policies."""

from alembic import op

from amends.tables import create_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    # One row per ticket: what `decisions` knows of it, and when its next timer is set. Locked while it is worked.
    """CREATE TABLE tickets (
        ticket_id text PRIMARY KEY, tenant text NOT NULL, policy_version integer NOT NULL, state text,
        next_at timestamptz, owner text, department text, merchant_id text
    ) WITH (fillfactor = 50)""",
    "CREATE INDEX tickets_next ON tickets (next_at) WHERE next_at IS NOT NULL",
    # Everything that may move a clock, as it arrived. Applied in event time, once the watermarks have passed it.
    """CREATE TABLE events (
        id text PRIMARY KEY, ticket_id text NOT NULL, time timestamptz NOT NULL, event text NOT NULL,
        applied_at timestamptz
    )""",
    "CREATE INDEX events_unapplied ON events (time, ticket_id) WHERE applied_at IS NULL",
    "CREATE INDEX events_ticket ON events (ticket_id, time)",
    # Every run of every clock, for the API. Decisions read `tickets.state` only.
    """CREATE TABLE clocks (
        ticket_id text NOT NULL, clock text NOT NULL, run integer NOT NULL, tenant text NOT NULL, rule text NOT NULL,
        start_at timestamptz NOT NULL, due_at timestamptz NOT NULL, warn_at timestamptz, state text NOT NULL,
        breached_at timestamptz, policy_version integer NOT NULL, ended_at timestamptz, detail text NOT NULL,
        PRIMARY KEY (ticket_id, clock, run)
    ) WITH (fillfactor = 70)""",
    "CREATE INDEX clocks_open ON clocks (tenant, due_at, ticket_id, clock, run) WHERE ended_at IS NULL",
    """CREATE TABLE penalties (
        id text PRIMARY KEY, tenant text NOT NULL, ticket_id text NOT NULL, owner text, amount bigint NOT NULL,
        currency text NOT NULL, rule text NOT NULL, at timestamptz NOT NULL
    )""",
    "CREATE INDEX penalties_tenant ON penalties (tenant, at, id)",
    """CREATE TABLE robot_switches (
        tenant text NOT NULL, time timestamptz NOT NULL, is_on boolean NOT NULL, PRIMARY KEY (tenant, time)
    )""",
    """CREATE TABLE policies (
        tenant text NOT NULL, version integer NOT NULL, body text NOT NULL, author text NOT NULL,
        at timestamptz NOT NULL, PRIMARY KEY (tenant, version)
    )""",
)


def upgrade() -> None:
    create_v1(op.execute)
    for statement in _TABLES:
        op.execute(statement)
