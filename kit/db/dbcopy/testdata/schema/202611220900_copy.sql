CREATE TABLE copy_parent (
	id     TEXT PRIMARY KEY,
	boss   TEXT REFERENCES copy_parent (id),
	n      INTEGER NOT NULL,
	note   TEXT,
	body   BLOB,
	rate   REAL
) STRICT;

CREATE TABLE copy_child (
	parent TEXT NOT NULL REFERENCES copy_parent (id),
	n      INTEGER NOT NULL,
	PRIMARY KEY (parent, n)
) STRICT;
