CREATE TABLE abuse_bucket (
	id  TEXT NOT NULL PRIMARY KEY,
	tat INTEGER NOT NULL
) STRICT;
CREATE INDEX abuse_bucket_tat ON abuse_bucket (tat);

CREATE TABLE abuse_spent (
	id         TEXT NOT NULL PRIMARY KEY,
	expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX abuse_spent_expires ON abuse_spent (expires_at);
