-- +goose Up
CREATE TABLE trust_annex (
    org      TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    hash     TEXT    NOT NULL,
    document BLOB    NOT NULL,
    made_by  TEXT    NOT NULL,
    PRIMARY KEY (org, number)
) STRICT;

CREATE TABLE trust_link (
    org      TEXT    NOT NULL,
    id       TEXT    NOT NULL,
    hash     BLOB    NOT NULL,
    label    TEXT    NOT NULL,
    made_at  INTEGER NOT NULL,
    made_by  TEXT    NOT NULL,
    ends_at  INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    ended_by TEXT    NOT NULL,
    visits   INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (org, id)
) STRICT;

CREATE UNIQUE INDEX trust_link_hash ON trust_link (hash);

CREATE TABLE trust_page (
    id         TEXT    NOT NULL PRIMARY KEY,
    state      TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT    NOT NULL
) STRICT;
