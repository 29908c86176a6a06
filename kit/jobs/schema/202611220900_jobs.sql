-- due_at is when a node may take the job: its time while it waits, the end of its lease while it runs.
CREATE TABLE jobs_job (
	id          TEXT PRIMARY KEY,
	org         TEXT NOT NULL,
	kind        TEXT NOT NULL,
	key         TEXT NOT NULL,
	payload     TEXT NOT NULL,
	state       TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'dead', 'superseded')),
	due_at      INTEGER NOT NULL,
	attempts    INTEGER NOT NULL,
	most        INTEGER NOT NULL,
	node        TEXT NOT NULL,
	reason      TEXT NOT NULL,
	created_at  INTEGER NOT NULL,
	finished_at INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_job_due ON jobs_job (due_at, id) WHERE state IN ('waiting', 'running');

CREATE UNIQUE INDEX jobs_job_key ON jobs_job (kind, key) WHERE state = 'waiting' AND key <> '';

CREATE INDEX jobs_job_finished ON jobs_job (finished_at) WHERE state IN ('done', 'superseded');

CREATE INDEX jobs_job_dead ON jobs_job (finished_at, id) WHERE state = 'dead';

CREATE TABLE jobs_schedule (
	name    TEXT PRIMARY KEY,
	spec    TEXT NOT NULL,
	next_at INTEGER NOT NULL,
	last_at INTEGER NOT NULL
) STRICT;

CREATE INDEX jobs_schedule_next ON jobs_schedule (next_at);
