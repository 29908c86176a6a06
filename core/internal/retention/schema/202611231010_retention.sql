-- Runs of the sweeper. asked_by is who tried one, '' for the platform itself. dry is 1 for a run that only counts.
CREATE TABLE retention_run (
  id       TEXT    NOT NULL PRIMARY KEY,
  org      TEXT    NOT NULL,  -- whose rows: platform for everybody's
  dry      INTEGER NOT NULL,
  state    TEXT    NOT NULL,  -- running, done
  asked_by TEXT    NOT NULL,
  began_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL
) STRICT;
CREATE INDEX retention_run_state ON retention_run (state, id);

-- What a run ended, by organization, rule and table. entry is the certificate in the journal.
CREATE TABLE retention_line (
  run      TEXT    NOT NULL,
  org      TEXT    NOT NULL,
  rule     TEXT    NOT NULL,
  name     TEXT    NOT NULL,  -- of the table
  days     INTEGER NOT NULL,
  deleted  INTEGER NOT NULL,
  archived INTEGER NOT NULL,
  kept     INTEGER NOT NULL,
  entry    TEXT    NOT NULL,
  PRIMARY KEY (run, org, rule, name)
) STRICT;
CREATE INDEX retention_line_org ON retention_line (org, run);

-- Legal holds. person '' covers everybody of org; org 'platform' with a person covers them everywhere. mark is the person's blind
-- index in the archive. The ground and the reason of the end are free texts, sealed under the provider's key.
CREATE TABLE retention_hold (
  id        TEXT    NOT NULL PRIMARY KEY,
  org       TEXT    NOT NULL,
  person    TEXT    NOT NULL,
  mark      BLOB    NOT NULL,
  ground    BLOB    NOT NULL,
  since     INTEGER NOT NULL,
  review_at INTEGER NOT NULL,
  ends_at   INTEGER NOT NULL,  -- 0: until it is lifted
  placed_in TEXT    NOT NULL,
  placed_by TEXT    NOT NULL,
  lifted_at INTEGER NOT NULL,
  lifted_by TEXT    NOT NULL,
  why       BLOB    NOT NULL
) STRICT;
CREATE INDEX retention_hold_live ON retention_hold (lifted_at, org, person);
CREATE INDEX retention_hold_mark ON retention_hold (mark) WHERE lifted_at = 0;

-- The intermediate archive: one sealed record per row that left the active base. mark is the blind index of the person.
CREATE TABLE retention_archive (
  org      TEXT    NOT NULL,
  id       TEXT    NOT NULL,
  name     TEXT    NOT NULL,  -- of the table that it comes from
  rule     TEXT    NOT NULL,
  mark     BLOB    NOT NULL,
  sealed   BLOB    NOT NULL,
  began_at INTEGER NOT NULL,
  moved_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX retention_archive_until ON retention_archive (until_at);
CREATE INDEX retention_archive_mark ON retention_archive (mark);

-- Persons who belong nowhere any more, and were told when their account ends.
CREATE TABLE retention_notice (
  person   TEXT    NOT NULL PRIMARY KEY,
  told_at  INTEGER NOT NULL,
  due_at   INTEGER NOT NULL,
  ordered  TEXT    NOT NULL  -- the order of erasure, '' before it
) STRICT;
CREATE INDEX retention_notice_due ON retention_notice (ordered, due_at);
