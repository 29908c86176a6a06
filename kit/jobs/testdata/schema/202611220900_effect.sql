CREATE TABLE effect_row (
	job     TEXT PRIMARY KEY,
	node    TEXT NOT NULL,
	attempt INTEGER NOT NULL
) STRICT;
