-- What people write by hand into a register: its card (who answers), whole activities, sentences on an activity. org is whose
-- register it is (platform: the provider's). target is the activity that a sentence is about.
CREATE TABLE register_hand (
  org      TEXT NOT NULL,
  id       TEXT NOT NULL,
  kind     TEXT NOT NULL,  -- card, activity, sentence
  target   TEXT NOT NULL,
  revision INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;

-- Each version, never changed: what it says is sealed under the organization's key.
CREATE TABLE register_version (
  org        TEXT NOT NULL,
  hand       TEXT NOT NULL,
  revision   INTEGER NOT NULL,
  body       BLOB NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  PRIMARY KEY (org, hand, revision)
) STRICT;
CREATE INDEX register_version_by ON register_version (changed_by);

-- Activities that an officer suspended: what they were for is refused by the gate.
CREATE TABLE register_suspension (
  org       TEXT NOT NULL,
  id        TEXT NOT NULL,
  activity  TEXT NOT NULL,
  reason    BLOB NOT NULL,
  at        INTEGER NOT NULL,
  by_person TEXT NOT NULL,
  lifted_at INTEGER NOT NULL,
  lifted_by TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE UNIQUE INDEX register_suspension_live ON register_suspension (org, activity) WHERE lifted_at = 0;
CREATE INDEX register_suspension_by ON register_suspension (by_person);

-- Each approval of a form, with the form as it was, sealed; hash is of what was approved.
CREATE TABLE register_approval (
  org         TEXT NOT NULL,
  form        TEXT NOT NULL,  -- controller, processor
  number      INTEGER NOT NULL,
  hash        TEXT NOT NULL,
  document    BLOB NOT NULL,
  approved_at INTEGER NOT NULL,
  approved_by TEXT NOT NULL,
  entry       TEXT NOT NULL,  -- of the journal
  PRIMARY KEY (org, form, number)
) STRICT;
CREATE INDEX register_approval_by ON register_approval (approved_by);

-- How often free text seemed to hold sensitive data: a day, a category, a count. Never the text, nor who typed it.
CREATE TABLE register_flag (
  org      TEXT NOT NULL,
  day      TEXT NOT NULL,
  category TEXT NOT NULL,
  count    INTEGER NOT NULL,
  PRIMARY KEY (org, day, category)
) STRICT;
