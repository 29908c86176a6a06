CREATE TABLE signin_flow (
	id          TEXT NOT NULL PRIMARY KEY,
	kind        TEXT NOT NULL,
	login       TEXT NOT NULL,
	person      TEXT NOT NULL,
	browser     TEXT NOT NULL,
	next        TEXT NOT NULL,
	password_at INTEGER NOT NULL,
	factor_at   INTEGER NOT NULL,
	mailbox_at  INTEGER NOT NULL,
	mailbox_due INTEGER NOT NULL,
	code        TEXT NOT NULL,
	code_at     INTEGER NOT NULL,
	tries       INTEGER NOT NULL,
	created_at  INTEGER NOT NULL,
	expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX signin_flow_expires ON signin_flow (expires_at);
CREATE INDEX signin_flow_person ON signin_flow (person);

CREATE TABLE signin_device (
	id         TEXT NOT NULL PRIMARY KEY,
	person     TEXT NOT NULL,
	browser    TEXT NOT NULL,
	label      TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	seen_at    INTEGER NOT NULL,
	failures   INTEGER NOT NULL,
	wait_until INTEGER NOT NULL,
	UNIQUE (person, browser)
) STRICT;
CREATE INDEX signin_device_browser ON signin_device (browser);
