CREATE TABLE identity_person (
	id          TEXT NOT NULL PRIMARY KEY,
	given_name  TEXT NOT NULL,
	family_name TEXT NOT NULL,
	gender      TEXT NOT NULL,
	email       TEXT NOT NULL,
	email2      TEXT NOT NULL,
	phone       TEXT NOT NULL,
	language    TEXT NOT NULL,
	functional  INTEGER NOT NULL,
	responsible TEXT NOT NULL,
	state       TEXT NOT NULL,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	CHECK (functional = 0 OR responsible <> '')
) STRICT;
CREATE UNIQUE INDEX identity_person_email ON identity_person (email);
CREATE INDEX identity_person_responsible ON identity_person (responsible, id);

CREATE TABLE identity_account (
	id           TEXT NOT NULL PRIMARY KEY,
	person       TEXT NOT NULL UNIQUE REFERENCES identity_person (id) ON DELETE CASCADE,
	login        TEXT NOT NULL UNIQUE,
	created_at   INTEGER NOT NULL,
	signed_in_at INTEGER NOT NULL
) STRICT;

CREATE TABLE identity_password (
	person         TEXT NOT NULL PRIMARY KEY REFERENCES identity_person (id) ON DELETE CASCADE,
	hash           TEXT NOT NULL,
	set_at         INTEGER NOT NULL,
	compromised_at INTEGER NOT NULL
) STRICT;

CREATE TABLE identity_password_old (
	person TEXT NOT NULL REFERENCES identity_person (id) ON DELETE CASCADE,
	set_at INTEGER NOT NULL,
	hash   TEXT NOT NULL,
	PRIMARY KEY (person, set_at)
) STRICT;

CREATE TABLE identity_factor (
	id           TEXT NOT NULL PRIMARY KEY,
	person       TEXT NOT NULL REFERENCES identity_person (id) ON DELETE CASCADE,
	kind         TEXT NOT NULL,
	secret       BLOB NOT NULL,
	last_step    INTEGER NOT NULL,
	created_at   INTEGER NOT NULL,
	confirmed_at INTEGER NOT NULL,
	used_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX identity_factor_person ON identity_factor (person, kind);

CREATE TABLE identity_recovery (
	person     TEXT NOT NULL REFERENCES identity_person (id) ON DELETE CASCADE,
	mark       TEXT NOT NULL,
	salt       TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	used_at    INTEGER NOT NULL,
	PRIMARY KEY (person, mark)
) STRICT;

CREATE TABLE identity_link (
	mark       TEXT NOT NULL PRIMARY KEY,
	kind       TEXT NOT NULL,
	person     TEXT NOT NULL,
	about      TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX identity_link_person ON identity_link (person, kind);
CREATE INDEX identity_link_expires ON identity_link (expires_at);

CREATE TABLE identity_report (
	id         TEXT NOT NULL PRIMARY KEY,
	person     TEXT NOT NULL,
	source     TEXT NOT NULL,
	about      TEXT NOT NULL,
	state      TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	handled_at INTEGER NOT NULL,
	handled_by TEXT NOT NULL,
	conclusion BLOB NOT NULL
) STRICT;
CREATE INDEX identity_report_state ON identity_report (state, id);
CREATE INDEX identity_report_person ON identity_report (person, id);
