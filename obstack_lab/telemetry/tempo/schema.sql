-- Spans, one row each. What a query filters by stands in columns of its own: the intrinsics here,
-- every attribute of spans in a column that is added when its key is first seen (attribute_columns
-- says which). The whole span is in `body`.
CREATE TABLE IF NOT EXISTS spans (
    trace_high UBIGINT NOT NULL,
    trace_low UBIGINT NOT NULL,
    span_id UBIGINT NOT NULL,
    parent_id UBIGINT NOT NULL,
    resource_id INTEGER NOT NULL,
    scope_id INTEGER NOT NULL,
    name VARCHAR NOT NULL,
    kind UTINYINT NOT NULL,
    status UTINYINT NOT NULL,
    status_message VARCHAR NOT NULL,
    started BIGINT NOT NULL,
    duration BIGINT NOT NULL,
    has_events BOOLEAN NOT NULL,
    has_links BOOLEAN NOT NULL,
    body VARCHAR NOT NULL
);

-- Resources and instrumentation scopes, each once, as JSON.
CREATE TABLE IF NOT EXISTS span_resources (id INTEGER NOT NULL, body VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS span_scopes (id INTEGER NOT NULL, body VARCHAR NOT NULL);

-- Which column of `spans` holds which attribute: one a key and a type, -1 where it has none. For the
-- type 'other' (arrays, maps, bytes) it only says that there is such a value.
CREATE TABLE IF NOT EXISTS attribute_columns (
    id INTEGER NOT NULL,
    key VARCHAR NOT NULL,
    type VARCHAR NOT NULL
);
