"""Tickets as their events, balances, remedies, the ledger, and the jobs that call the storefront."""

from alembic import op

from amends.tables import create_v1

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE tickets (ticket_id text PRIMARY KEY, tenant text NOT NULL, last_sequence bigint NOT NULL)
    WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE ticket_events (
        ticket_id text NOT NULL, sequence bigint NOT NULL, event text NOT NULL, PRIMARY KEY (ticket_id, sequence)
    )
    """,
    # Breaches that came before the ticket's events 1…as_of_sequence: they wait here, not in the partition.
    """
    CREATE TABLE pending_breaches (
        ticket_id text NOT NULL, sla_sequence bigint NOT NULL, as_of_sequence bigint NOT NULL, event text NOT NULL,
        PRIMARY KEY (ticket_id, sla_sequence)
    )
    """,
    # What tickets say was refunded of an order, and what people carried out outside the suite. Minor units.
    """
    CREATE TABLE order_movements (
        tenant text NOT NULL, order_id text NOT NULL, ticket_id text NOT NULL, sequence bigint NOT NULL,
        kind text NOT NULL CHECK (kind IN ('statement', 'execution')), at timestamptz NOT NULL,
        amount bigint NOT NULL CHECK (amount >= 0), lines text NOT NULL,
        PRIMARY KEY (tenant, order_id, ticket_id, sequence)
    )
    """,
    # line_id '' is the order itself, so that it sorts, and is locked, before its lines.
    """
    CREATE TABLE order_balances (
        tenant text NOT NULL, order_id text NOT NULL, line_id text NOT NULL,
        live_amount bigint NOT NULL DEFAULT 0 CHECK (live_amount >= 0),
        shadow_amount bigint NOT NULL DEFAULT 0 CHECK (shadow_amount >= 0),
        PRIMARY KEY (tenant, order_id, line_id)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE budgets (
        tenant text NOT NULL, day date NOT NULL, currency text NOT NULL,
        live_amount bigint NOT NULL DEFAULT 0 CHECK (live_amount >= 0),
        shadow_amount bigint NOT NULL DEFAULT 0 CHECK (shadow_amount >= 0),
        PRIMARY KEY (tenant, day, currency)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE payouts (
        tenant text PRIMARY KEY, mode text NOT NULL CHECK (mode IN ('shadow', 'approve', 'automatic')),
        changed_by text NOT NULL, changed_at timestamptz NOT NULL
    )
    """,
)
_REMEDIES = (
    """
    CREATE TABLE remedies (
        remedy_id uuid PRIMARY KEY, serial bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        tenant text NOT NULL, ticket_id text NOT NULL, rule text NOT NULL, clock text, run integer, step integer,
        state text NOT NULL CHECK (state IN
            ('held', 'decided', 'approved', 'rejected', 'issued', 'failed', 'reversed', 'shadow')),
        remedy text NOT NULL, amount bigint CHECK (amount >= 0), currency text, lines text,
        payer_kind text, payer_id text, approval text, reason text, basis text, policy_version integer NOT NULL,
        order_id text, customer_id text NOT NULL, shadow boolean NOT NULL DEFAULT false,
        budget_day date, budget_amount bigint NOT NULL DEFAULT 0,
        proposed_by text, decided_at timestamptz, approved_by text, approved_at timestamptz,
        rejected_by text, rejected_at timestamptz, issued_at timestamptz, external_reference text,
        charged_kind text, charged_id text, charged_at timestamptz, outcome_reason text,
        explanation text NOT NULL, breach text, as_of_sequence bigint, cause text
    ) WITH (fillfactor = 70)
    """,
    # One remedy per (ticket, clock, step), for ever, whatever the run.
    "CREATE UNIQUE INDEX remedies_once ON remedies (ticket_id, clock, step) WHERE clock IS NOT NULL",
    "CREATE INDEX remedies_ticket ON remedies (tenant, ticket_id, serial)",
    "CREATE INDEX remedies_tenant ON remedies (tenant, serial)",
    "CREATE INDEX remedies_order ON remedies (tenant, order_id) WHERE order_id IS NOT NULL",
    "CREATE INDEX remedies_customer ON remedies (tenant, customer_id, decided_at)",
    """
    CREATE TABLE money_jobs (
        remedy_id uuid PRIMARY KEY REFERENCES remedies, tenant text NOT NULL, ticket_id text NOT NULL,
        path text NOT NULL CHECK (path IN ('refunds', 'vouchers')), body text NOT NULL,
        done boolean NOT NULL DEFAULT false, attempt integer NOT NULL DEFAULT 0, failures integer NOT NULL DEFAULT 0,
        run_after timestamptz NOT NULL DEFAULT clock_timestamp(), lease_until timestamptz, last_error text, traceparent text,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX money_jobs_open ON money_jobs (run_after) WHERE NOT done",
)
_LEDGER = (
    """
    CREATE TABLE ledger_entries (
        serial bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, movement_id uuid NOT NULL, tenant text NOT NULL,
        remedy_id uuid NOT NULL, ticket_id text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('reservation', 'release', 'issue', 'chargeback', 'reversal')),
        account text NOT NULL, amount bigint NOT NULL CHECK (amount <> 0), currency text NOT NULL,
        at timestamptz NOT NULL, UNIQUE (remedy_id, kind, account)
    )
    """,
    "CREATE INDEX ledger_tenant ON ledger_entries (tenant, serial)",
    "CREATE INDEX ledger_account ON ledger_entries (tenant, account, serial)",
    """
    CREATE FUNCTION ledger_refuses_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger is append-only: write a new movement instead'; END $$
    """,
    """
    CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuses_change()
    """,
    """
    CREATE FUNCTION ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT 1 FROM fresh GROUP BY movement_id, currency HAVING sum(amount) <> 0) THEN
            RAISE EXCEPTION 'a movement takes from one account what it gives to another';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER ledger_double_entry AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_sums_to_zero()
    """,
)


def upgrade() -> None:
    create_v1(op.execute)
    for statement in (*_TABLES, *_REMEDIES, *_LEDGER):
        op.execute(statement)
