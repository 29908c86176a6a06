CREATE TABLE settings_value (
    org    TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    value  TEXT    NOT NULL,
    source TEXT    NOT NULL,
    set_by TEXT    NOT NULL,
    set_at INTEGER NOT NULL,
    PRIMARY KEY (org, key)
) STRICT;

CREATE TABLE settings_version (
    id      INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    stamp   TEXT    NOT NULL
) STRICT;
