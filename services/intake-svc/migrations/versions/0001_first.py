"""Tickets, the customers' contacts, evidence, what the other services said, and serials of ticket numbers."""

from alembic import op

from amends.tables import create_v1

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE tickets (
        ticket_id text PRIMARY KEY, tenant text NOT NULL, ticket_no text NOT NULL,
        opened_by text NOT NULL, external_id text,
        policy_version integer NOT NULL, version bigint NOT NULL, status text NOT NULL,
        kind text NOT NULL, level smallint NOT NULL, tags text[] NOT NULL, asked text[] NOT NULL,
        customer_id text, order_id text, merchant_id text, department text, owner text,
        accepted_at timestamptz NOT NULL,
        fields jsonb NOT NULL, kept jsonb NOT NULL, description text, demand text
    ) WITH (fillfactor = 80)
    """,
    "CREATE UNIQUE INDEX tickets_number ON tickets (tenant, ticket_no)",
    """
    CREATE UNIQUE INDEX tickets_external_id ON tickets (tenant, opened_by, external_id) WHERE external_id IS NOT NULL
    """,
    "CREATE INDEX tickets_newest ON tickets (tenant, ticket_id)",
    "CREATE INDEX tickets_customer ON tickets (tenant, customer_id, ticket_id)",
    "CREATE INDEX tickets_order ON tickets (tenant, order_id, ticket_id)",
    "CREATE INDEX tickets_owner ON tickets (tenant, owner, ticket_id)",
    "CREATE INDEX tickets_status ON tickets (tenant, status, ticket_id)",
    """
    CREATE TABLE contacts (
        contact_ref text PRIMARY KEY, tenant text NOT NULL, customer_id text NOT NULL,
        name text, contacts jsonb NOT NULL, language text
    )
    """,
    "CREATE INDEX contacts_customer ON contacts (tenant, customer_id)",
    """
    CREATE TABLE evidence (
        evidence_id text PRIMARY KEY, tenant text NOT NULL, ticket_id text NOT NULL REFERENCES tickets,
        kind text NOT NULL, file_name text, media_type text NOT NULL, sha256 text NOT NULL, content bytea NOT NULL
    )
    """,
    "CREATE INDEX evidence_ticket ON evidence (ticket_id)",
    """
    CREATE TABLE told (
        event_id text PRIMARY KEY, tenant text NOT NULL, ticket_id text NOT NULL, time timestamptz NOT NULL,
        event text NOT NULL
    )
    """,
    "CREATE INDEX told_ticket ON told (ticket_id, time, event_id)",
    """
    CREATE TABLE clocks_seen (
        ticket_id text NOT NULL, clock text NOT NULL, run integer NOT NULL, due_at timestamptz NOT NULL,
        state text NOT NULL, PRIMARY KEY (ticket_id, clock)
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE TABLE serials (
        tenant text NOT NULL, day date NOT NULL, last bigint NOT NULL, PRIMARY KEY (tenant, day)
    )
    """,
)


def upgrade() -> None:
    create_v1(op.execute)
    for statement in _TABLES:
        op.execute(statement)
