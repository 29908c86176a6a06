-- Orders of erasure: never removed, they hold ids and no value of a person. state: ordered, waiting, running, done, refused,
-- cancelled. step is the one that comes next while it runs. blocked says why it waits: approval, hold, left. contact and traces
-- are sealed under a key of the order itself, destroyed when its last mail has left. trial is 1 for a probe's canary.
CREATE TABLE erasure_order (
  id          TEXT NOT NULL PRIMARY KEY,
  org         TEXT NOT NULL,
  person      TEXT NOT NULL,
  request     TEXT NOT NULL,
  reason      TEXT NOT NULL,  -- request, retention, offboarding, operator
  scope       TEXT NOT NULL,  -- person, member; '' before it begins
  state       TEXT NOT NULL,
  step        TEXT NOT NULL,
  blocked     TEXT NOT NULL,
  ordered_by  TEXT NOT NULL,
  ordered_at  INTEGER NOT NULL,
  begins_at   INTEGER NOT NULL,
  judged_by   TEXT NOT NULL,
  judged_at   INTEGER NOT NULL,
  ended_at    INTEGER NOT NULL,
  replayed_at INTEGER NOT NULL,
  tries       INTEGER NOT NULL,
  entry       TEXT NOT NULL,
  digest      TEXT NOT NULL,
  receipt     TEXT NOT NULL,
  contact     BLOB,
  traces      BLOB,
  sealed      INTEGER NOT NULL,  -- 1 while the order has a key of its own
  trial       INTEGER NOT NULL
) STRICT;
CREATE INDEX erasure_order_open ON erasure_order (ordered_at) WHERE state IN ('ordered', 'waiting', 'running');
CREATE INDEX erasure_order_person ON erasure_order (person);
CREATE INDEX erasure_order_by ON erasure_order (ordered_by, ordered_at);

-- When each step was passed.
CREATE TABLE erasure_step (
  erasure   TEXT NOT NULL,
  step      TEXT NOT NULL,
  passed_at INTEGER NOT NULL,
  PRIMARY KEY (erasure, step)
) STRICT;

-- What was counted, table by table. phase: weighed (the dry run), erased, left (what a check still found).
CREATE TABLE erasure_line (
  erasure TEXT NOT NULL,
  phase   TEXT NOT NULL,
  kept_in TEXT NOT NULL,  -- name of the table, or table.column for what a check found
  deleted INTEGER NOT NULL,
  kept    INTEGER NOT NULL,
  ground  TEXT NOT NULL,
  why_fr  TEXT NOT NULL,
  why_en  TEXT NOT NULL,
  rule    TEXT NOT NULL,
  PRIMARY KEY (erasure, phase, kept_in)
) STRICT;

-- Organizations that had received the person's data, and are told to erase their copies (article 19 GDPR).
CREATE TABLE erasure_notice (
  org        TEXT NOT NULL,
  id         TEXT NOT NULL PRIMARY KEY,
  erasure    TEXT NOT NULL,
  person     TEXT NOT NULL,
  member     TEXT NOT NULL,
  made_at    INTEGER NOT NULL,
  told_at    INTEGER NOT NULL,
  handled_at INTEGER NOT NULL,
  handled_by TEXT NOT NULL
) STRICT;
CREATE INDEX erasure_notice_org ON erasure_notice (org, made_at);
CREATE INDEX erasure_notice_of ON erasure_notice (erasure);
