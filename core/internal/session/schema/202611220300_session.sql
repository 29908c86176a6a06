CREATE TABLE session_session (
    id         TEXT    NOT NULL PRIMARY KEY,
    secret     BLOB    NOT NULL,
    pace       BLOB    NOT NULL,
    generation INTEGER NOT NULL,
    moved_at   INTEGER NOT NULL,
    person     TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    staff      INTEGER NOT NULL,
    aal        INTEGER NOT NULL,
    device     TEXT    NOT NULL,
    browser    TEXT    NOT NULL,
    system     TEXT    NOT NULL,
    address    BLOB    NOT NULL,
    began_at   INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    proved_at  INTEGER NOT NULL,
    locked_at  INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    reason     TEXT    NOT NULL
) STRICT;

CREATE UNIQUE INDEX session_by_secret ON session_session (secret);
CREATE INDEX session_by_person ON session_session (person, ended_at, used_at);
CREATE INDEX session_by_end ON session_session (ended_at, used_at);
