-- The sandbox's own tables. Run at every start: each statement leaves what is there alone.
CREATE TABLE IF NOT EXISTS issuer_key (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    jwk jsonb NOT NULL
);
CREATE TABLE IF NOT EXISTS orders (
    tenant text NOT NULL,
    order_id text NOT NULL,
    currency text NOT NULL,
    paid_amount bigint NOT NULL,
    refunded_amount bigint NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (tenant, order_id)
);
CREATE TABLE IF NOT EXISTS payments (
    serial bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    tenant text NOT NULL,
    kind text NOT NULL,
    reference text NOT NULL,
    order_id text,
    currency text NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    status text NOT NULL,
    reason text,
    body jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, kind, reference)
);
CREATE INDEX IF NOT EXISTS payments_by_order ON payments (tenant, order_id);
CREATE TABLE IF NOT EXISTS messages (
    serial bigint GENERATED ALWAYS AS IDENTITY,
    tenant text NOT NULL,
    message_id text NOT NULL,
    ticket_id text NOT NULL,
    recipient text NOT NULL,
    body jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, message_id)
);
CREATE INDEX IF NOT EXISTS messages_by_ticket ON messages (tenant, ticket_id);
CREATE TABLE IF NOT EXISTS faults (
    serial bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint text NOT NULL,
    fault jsonb NOT NULL,
    calls bigint NOT NULL DEFAULT 0,
    hits bigint NOT NULL DEFAULT 0
);
