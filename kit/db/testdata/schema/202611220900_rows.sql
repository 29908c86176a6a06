CREATE TABLE t_row (
	id   TEXT PRIMARY KEY,
	n    INTEGER NOT NULL,
	note TEXT,
	body BLOB,
	rate REAL
) STRICT;

CREATE TABLE t_child (
	id  TEXT PRIMARY KEY,
	row TEXT NOT NULL REFERENCES t_row (id)
) STRICT;

CREATE UNIQUE INDEX t_row_note ON t_row (note) WHERE note IS NOT NULL;
