CREATE TABLE token_token (
    id         TEXT    NOT NULL PRIMARY KEY,
    org        TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    secret     BLOB    NOT NULL,
    hint       TEXT    NOT NULL,
    scopes     TEXT    NOT NULL,
    made_by    TEXT    NOT NULL,
    made_at    INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    last_day   INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    reason     TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX token_by_secret ON token_token (secret);
CREATE INDEX token_by_owner ON token_token (owner, ended_at);
CREATE INDEX token_by_end ON token_token (ended_at, ends_at);

CREATE TABLE token_service (
    org         TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    responsible TEXT    NOT NULL,
    made_by     TEXT    NOT NULL,
    made_at     INTEGER NOT NULL,
    closed_at   INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    PRIMARY KEY (org, id)
) STRICT;

CREATE UNIQUE INDEX token_service_id ON token_service (id);
CREATE INDEX token_service_responsible ON token_service (responsible);

CREATE TABLE token_reply (
    actor    TEXT    NOT NULL,
    key      BLOB    NOT NULL,
    request  BLOB    NOT NULL,
    made_at  INTEGER NOT NULL,
    done_at  INTEGER NOT NULL,
    status   INTEGER NOT NULL,
    body     BLOB    NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT;

CREATE INDEX token_reply_age ON token_reply (made_at);
