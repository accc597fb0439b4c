"""Everything that notify keeps. It holds no name, no address and no text of a person, but while a message is on its way."""

from alembic import op

from amends.tables import create_v1

revision = "0001"
down_revision = None

STATEMENTS = (
    # What its events say of a ticket. `facts`: the data of `opened`, later changes laid over it.
    """
    CREATE TABLE tickets (
        ticket_id text PRIMARY KEY, tenant text NOT NULL, intake_sequence bigint NOT NULL,
        policy_version integer NOT NULL, opened_at timestamptz NOT NULL, accepted_at timestamptz NOT NULL,
        facts jsonb NOT NULL, asked jsonb NOT NULL, settled boolean NOT NULL, reopenings integer NOT NULL
    ) WITH (fillfactor = 80)
    """,
    # Events of other services that came before what they stand on: before intake's event of that sequence.
    """
    CREATE TABLE waiting_facts (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket_id text NOT NULL,
        needs_sequence bigint NOT NULL, event text NOT NULL
    )
    """,
    "CREATE INDEX waiting_facts_ticket ON waiting_facts (ticket_id, needs_sequence)",
    # Up to which of intake's events a breach counts: whom a notice of its remedy goes to.
    """
    CREATE TABLE breaches (
        ticket_id text NOT NULL, clock text NOT NULL, run integer NOT NULL, step integer NOT NULL,
        as_of_sequence bigint NOT NULL, PRIMARY KEY (ticket_id, clock, run, step)
    )
    """,
    "CREATE TABLE remedies (remedy_id text PRIMARY KEY, ticket_id text NOT NULL, decided jsonb NOT NULL)",
    # An extension counts once sla has moved the clock because of it; the two may arrive in either order.
    """
    CREATE TABLE extensions (
        event_id text PRIMARY KEY, ticket_id text NOT NULL, extended text, moved boolean NOT NULL DEFAULT false
    )
    """,
    """
    CREATE TABLE revisits (
        revisit_id uuid PRIMARY KEY, ticket_id text NOT NULL, tenant text NOT NULL, reason text NOT NULL,
        due_at timestamptz NOT NULL, rule text NOT NULL, tells text NOT NULL, clock text, run integer,
        state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'replaced', 'cancelled')),
        planned_at timestamptz NOT NULL, outcome text, done_by text, ended_at timestamptz
    )
    """,
    "CREATE UNIQUE INDEX revisits_one_open ON revisits (ticket_id, reason) WHERE state = 'open'",
    "CREATE INDEX revisits_due ON revisits (tenant, due_at, revisit_id)",
    "CREATE INDEX revisits_ticket ON revisits (ticket_id)",
    # `text`, `subject`, `address`, `email`: only while something of the message is still to be delivered.
    """
    CREATE TABLE messages (
        message_id uuid PRIMARY KEY, ticket_id text NOT NULL, tenant text NOT NULL, template text NOT NULL,
        recipient text NOT NULL, party text, language text NOT NULL, values jsonb NOT NULL, cause text NOT NULL,
        state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
        created_at timestamptz NOT NULL, settled_at timestamptz, template_version text,
        text text, subject text, address text, email text
    )
    """,
    "CREATE INDEX messages_ticket ON messages (ticket_id, message_id)",
    "CREATE INDEX messages_tenant ON messages (tenant, message_id)",
    """
    CREATE TABLE deliveries (
        message_id uuid NOT NULL REFERENCES messages, channel text NOT NULL CHECK (channel IN ('storefront', 'mail')),
        state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'failed')),
        attempts integer NOT NULL DEFAULT 0, next_at timestamptz NOT NULL DEFAULT clock_timestamp(), last_error text,
        PRIMARY KEY (message_id, channel)
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX deliveries_waiting ON deliveries (next_at) WHERE state = 'waiting'",
    """
    CREATE TABLE surveys (
        token_sha256 text PRIMARY KEY, ticket_id text NOT NULL, tenant text NOT NULL,
        message_id uuid NOT NULL UNIQUE REFERENCES messages, rating integer, answered_at timestamptz
    )
    """,
    """
    CREATE TABLE templates (
        tenant text NOT NULL, template text NOT NULL, language text NOT NULL, version integer NOT NULL,
        author text NOT NULL, body jsonb NOT NULL, at timestamptz NOT NULL,
        PRIMARY KEY (tenant, template, language, version)
    )
    """,
)


def upgrade() -> None:
    create_v1(op.execute)
    for statement in STATEMENTS:
        op.execute(statement)
