-- Nothing that is still in clear is thrown away: a row that was not sealed stops the upgrade here.
CREATE TABLE identity_guard (n INTEGER NOT NULL CHECK (n = 0)) STRICT;
INSERT INTO identity_guard SELECT COUNT(*) FROM identity_person WHERE LENGTH(profile) = 0 OR LENGTH(mark) = 0;
INSERT INTO identity_guard SELECT COUNT(*) FROM identity_account WHERE LENGTH(mark) = 0;
INSERT INTO identity_guard SELECT COUNT(*) FROM identity_link WHERE about <> '' AND LENGTH(details) = 0;
DROP TABLE identity_guard;

DROP INDEX identity_person_email;
ALTER TABLE identity_person DROP COLUMN given_name;
ALTER TABLE identity_person DROP COLUMN family_name;
ALTER TABLE identity_person DROP COLUMN gender;
ALTER TABLE identity_person DROP COLUMN email;
ALTER TABLE identity_person DROP COLUMN email2;
ALTER TABLE identity_person DROP COLUMN phone;
CREATE UNIQUE INDEX identity_person_mark ON identity_person (mark);

CREATE TABLE identity_account_sealed (
	id           TEXT NOT NULL PRIMARY KEY,
	person       TEXT NOT NULL UNIQUE REFERENCES identity_person (id) ON DELETE CASCADE,
	mark         BLOB NOT NULL UNIQUE,
	created_at   INTEGER NOT NULL,
	signed_in_at INTEGER NOT NULL
) STRICT;
INSERT INTO identity_account_sealed (id, person, mark, created_at, signed_in_at) SELECT id, person, mark, created_at, signed_in_at FROM identity_account;
DROP TABLE identity_account;
ALTER TABLE identity_account_sealed RENAME TO identity_account;

ALTER TABLE identity_link DROP COLUMN about;
