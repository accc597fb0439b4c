"""Group complaints (J3): what each ticket counts for, those not looked at yet, incidents and their tickets."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE complaint_subjects (
        tenant text NOT NULL, category text NOT NULL, subject text NOT NULL, accepted_at timestamptz NOT NULL,
        ticket_id text NOT NULL, customer_id text,
        PRIMARY KEY (tenant, category, subject, accepted_at, ticket_id)
    )
    """,
    "CREATE INDEX complaint_subjects_ticket ON complaint_subjects (ticket_id)",
    "CREATE TABLE complaints_waiting (ticket_id text PRIMARY KEY, tenant text NOT NULL)",
    """
    CREATE TABLE incidents (
        incident_id text PRIMARY KEY, tenant text NOT NULL, category text NOT NULL,
        first_at timestamptz NOT NULL, last_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE incident_subjects (
        tenant text NOT NULL, subject text NOT NULL, incident_id text NOT NULL REFERENCES incidents,
        PRIMARY KEY (tenant, subject, incident_id)
    )
    """,
    """
    CREATE TABLE incident_tickets (
        tenant text NOT NULL, incident_id text NOT NULL, ticket_id text NOT NULL, linked boolean NOT NULL,
        PRIMARY KEY (tenant, incident_id, ticket_id)
    )
    """,
    "CREATE INDEX incident_tickets_ticket ON incident_tickets (ticket_id)",
    "CREATE INDEX incident_tickets_unlinked ON incident_tickets (ticket_id) WHERE NOT linked",
    # What people have linked so far.
    """
    INSERT INTO incident_tickets (tenant, incident_id, ticket_id, linked)
    SELECT tenant, jsonb_array_elements_text(kept->'incidents'), ticket_id, true FROM tickets
    WHERE kept->'incidents' <> '[]'::jsonb
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
