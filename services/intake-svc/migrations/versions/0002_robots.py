"""Each tenant's robot: whether it is on, and since when the inbound rate has been high or low (F4)."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE robots (
            tenant text PRIMARY KEY, cause text, in_peak boolean NOT NULL DEFAULT false,
            above_since timestamptz, below_since timestamptz,
            policy_version integer NOT NULL DEFAULT 0
        ) WITH (fillfactor = 50)
        """
    )
