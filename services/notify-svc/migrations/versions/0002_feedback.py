"""What the result feedback said (I2): an agent's words about a case, kept here and sent in no event."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATEMENTS = (
    # `feedback_id`: that of its event. `form_asked`: what I1 asked for then. `contents`: by name, only what was given.
    """
    CREATE TABLE feedback (
        feedback_id uuid PRIMARY KEY, ticket_id text NOT NULL, tenant text NOT NULL, form text NOT NULL,
        form_asked text NOT NULL, contents jsonb NOT NULL, missing text[] NOT NULL, given_by text NOT NULL,
        given_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX feedback_ticket ON feedback (ticket_id, feedback_id)",
    "CREATE INDEX feedback_tenant ON feedback (tenant, feedback_id)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
