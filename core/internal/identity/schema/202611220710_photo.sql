CREATE TABLE identity_photo (
	person  TEXT NOT NULL PRIMARY KEY REFERENCES identity_person (id) ON DELETE CASCADE,
	id      TEXT NOT NULL,
	picture BLOB NOT NULL,
	set_at  INTEGER NOT NULL
) STRICT;
