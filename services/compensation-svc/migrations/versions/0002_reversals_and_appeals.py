"""Remedies that are taken back, and charges that are appealed."""

from alembic import op

revision = "0002"
down_revision = "0001"

_STATEMENTS = (
    """
    ALTER TABLE remedies ADD COLUMN reversed_by text, ADD COLUMN reversed_at timestamptz,
        ADD COLUMN appealed_by text, ADD COLUMN appealed_at timestamptz, ADD COLUMN appeal_reason text,
        ADD COLUMN appeal_verdict text CHECK (appeal_verdict IN ('upheld', 'overturned')),
        ADD COLUMN appeal_decided_by text, ADD COLUMN appeal_decided_at timestamptz
    """,
    # NOT VALID: the rows that are there satisfy the narrower check that it replaces.
    """
    ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check, ADD CONSTRAINT ledger_entries_kind_check
        CHECK (kind IN ('reservation', 'release', 'issue', 'chargeback', 'reversal', 'appeal')) NOT VALID
    """,
    """
    CREATE INDEX remedies_charged ON remedies (tenant, charged_kind, charged_id, serial) WHERE charged_kind IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
