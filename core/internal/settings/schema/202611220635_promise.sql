-- What clauses in force demand of settings (law 3).
CREATE TABLE settings_promise (
    pack   TEXT NOT NULL,
    clause TEXT NOT NULL,
    key    TEXT NOT NULL,
    least  TEXT NOT NULL,
    exact  TEXT NOT NULL,
    PRIMARY KEY (pack, clause, key)
) STRICT;
