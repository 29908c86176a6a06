-- The lines of every register, as they stand. due_at is the date that comes next (0: none), lacks names what is missing of the
-- line, as it was judged at its last write. tell is 1 when clients are to be told of a change of sub-processors. trial is 1 for
-- what a probe wrote: no clause rests on it. parent is the evaluation of a finding.
CREATE TABLE inventory_item (
  id       TEXT NOT NULL PRIMARY KEY,
  register TEXT NOT NULL,  -- asset, subprocessor, document, evaluation, finding
  parent   TEXT NOT NULL,
  owner    TEXT NOT NULL,
  state    TEXT NOT NULL,
  due_at   INTEGER NOT NULL,
  lacks    TEXT NOT NULL,
  revision INTEGER NOT NULL,
  tell     INTEGER NOT NULL,
  made_at  INTEGER NOT NULL,
  made_by  TEXT NOT NULL,
  trial    INTEGER NOT NULL
) STRICT;
CREATE INDEX inventory_item_register ON inventory_item (register, id);
CREATE INDEX inventory_item_due ON inventory_item (due_at) WHERE due_at > 0;
CREATE INDEX inventory_item_owner ON inventory_item (owner);

-- Each version of a line, never changed: what it says is sealed under the provider's key.
CREATE TABLE inventory_version (
  item       TEXT NOT NULL,
  revision   INTEGER NOT NULL,
  details    BLOB NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  entry      TEXT NOT NULL,  -- of the journal
  PRIMARY KEY (item, revision)
) STRICT;
CREATE INDEX inventory_version_by ON inventory_version (changed_by);

-- Certificates, contracts, texts, reports: name and content are sealed under the provider's key.
CREATE TABLE inventory_file (
  id       TEXT NOT NULL PRIMARY KEY,
  item     TEXT NOT NULL,
  revision INTEGER NOT NULL,
  name     BLOB NOT NULL,
  type     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  digest   TEXT NOT NULL,
  content  BLOB NOT NULL
) STRICT;
CREATE INDEX inventory_file_of ON inventory_file (item, id);

-- Reminders that were sent: each step of each date once.
CREATE TABLE inventory_reminder (
  item    TEXT NOT NULL,
  due_at  INTEGER NOT NULL,
  step    TEXT NOT NULL,  -- 60, 30, 7, past
  person  TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  PRIMARY KEY (item, due_at, step)
) STRICT;
CREATE INDEX inventory_reminder_person ON inventory_reminder (person);
