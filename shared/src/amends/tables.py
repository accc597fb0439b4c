"""The tables that `amends` itself needs in every service's database, as one versioned function.

Each service's first migration calls `create_v1`. A later change of these tables becomes `create_v2` and a migration in
each service; this function never changes once released.
"""

from collections.abc import Callable

SHARDS = 16
"""Outbox shards: the most relays that can send for one service at a time. Part of stored rows, so fixed for v1."""

_V1 = """
CREATE TABLE time_anchor (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    real timestamptz NOT NULL, virtual timestamptz NOT NULL, scale double precision NOT NULL CHECK (scale > 0)
);
CREATE FUNCTION domain_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT COALESCE((SELECT virtual + (clock_timestamp() - real) * scale FROM time_anchor), clock_timestamp())
$$;
CREATE TABLE watermark (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    up_to timestamptz NOT NULL, published_up_to timestamptz NOT NULL
);
INSERT INTO watermark (up_to, published_up_to) VALUES (timestamptz '-infinity', timestamptz '-infinity');
CREATE TABLE streams (
    subject text PRIMARY KEY, last_sequence bigint NOT NULL, last_time timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE outbox (
    id uuid PRIMARY KEY, shard smallint NOT NULL, topic text NOT NULL, key text NOT NULL, tenant text NOT NULL,
    subject text NOT NULL, sequence bigint, time timestamptz NOT NULL, event text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(), sent_at timestamptz
);
CREATE INDEX outbox_unsent ON outbox (shard, time, id) WHERE sent_at IS NULL;
CREATE INDEX outbox_cursor ON outbox (time, id);
CREATE INDEX outbox_subject ON outbox (subject, time, id);
CREATE TABLE sent_offsets (
    topic text NOT NULL, partition integer NOT NULL, next_offset bigint NOT NULL, PRIMARY KEY (topic, partition)
);
CREATE TABLE positions (
    topic text NOT NULL, partition integer NOT NULL, next_offset bigint NOT NULL, PRIMARY KEY (topic, partition)
);
CREATE TABLE inbox_sequences (
    source text NOT NULL, ticket_id text NOT NULL, last_sequence bigint NOT NULL, PRIMARY KEY (source, ticket_id)
) WITH (fillfactor = 70);
CREATE TABLE inbox_ids (id text PRIMARY KEY, seen_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX inbox_ids_seen ON inbox_ids (seen_at);
CREATE TABLE dead_letters (
    id uuid PRIMARY KEY, topic text NOT NULL, partition integer NOT NULL, log_offset bigint NOT NULL,
    key text, value bytea NOT NULL, headers text NOT NULL, ticket_id text, tenant text, cause text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(), copied_at timestamptz, redriven_at timestamptz
);
CREATE INDEX dead_letters_uncopied ON dead_letters (at) WHERE copied_at IS NULL;
CREATE TABLE parked_tickets (
    ticket_id text PRIMARY KEY, reason text NOT NULL CHECK (reason IN ('gap', 'poison')), cause text NOT NULL,
    dead_letter_id uuid, since timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE parked_events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket_id text NOT NULL, source text NOT NULL,
    sequence bigint, event_id text NOT NULL UNIQUE, event text NOT NULL
);
CREATE INDEX parked_events_ticket ON parked_events (ticket_id, source, sequence);
CREATE TABLE policy_copies (
    tenant text NOT NULL, version integer NOT NULL, event text NOT NULL, PRIMARY KEY (tenant, version)
);
CREATE TABLE idempotency (
    scope text PRIMARY KEY, body_sha256 text NOT NULL, status integer NOT NULL, headers text NOT NULL,
    body text NOT NULL, at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_at ON idempotency (at);
"""


def create_v1(execute: Callable[[str], object]) -> None:
    """Make the tables: call it from a migration as `create_v1(op.execute)`."""
    for statement in _split(_V1):
        execute(statement)


def _split(script: str) -> list[str]:
    """Cut at semicolons that end a line outside `$$` bodies."""
    statements: list[str] = []
    current: list[str] = []
    inside_body = False
    for line in script.strip().splitlines():
        current.append(line)
        if line.count("$$") % 2:
            inside_body = not inside_body
        if line.rstrip().endswith(";") and not inside_body:
            statements.append("\n".join(current))
            current = []
    return statements
