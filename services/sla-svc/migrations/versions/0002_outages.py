"""Where the ticket watermark jumped: deadlines there are `in_outage`."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    """CREATE TABLE watermark_seen (
        topic text PRIMARY KEY, up_to timestamptz NOT NULL, seen_at timestamptz NOT NULL
    )""",
    # Two instances may see the start of a jump a little apart; its end is one watermark.
    "CREATE TABLE outages (until timestamptz PRIMARY KEY, since timestamptz NOT NULL)",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
