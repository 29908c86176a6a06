-- What went wrong. Details are sealed under the provider's key. trial is 1 for what a probe opened.
CREATE TABLE incident_incident (
  id        TEXT NOT NULL PRIMARY KEY,
  breach    INTEGER NOT NULL,  -- 1: personal data are concerned
  part      TEXT NOT NULL,     -- processor, controller, both: what the provider is for these data
  state     TEXT NOT NULL,     -- open, contained, closed
  gravity   TEXT NOT NULL,     -- negligible, limited, significant, maximal
  exercise  INTEGER NOT NULL,
  trial     INTEGER NOT NULL,
  source    TEXT NOT NULL,     -- alert, report, hand
  about     TEXT NOT NULL,     -- id of the alert or report
  lead      TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  opened_by TEXT NOT NULL,
  aware_at  INTEGER NOT NULL,
  closed_at INTEGER NOT NULL,
  revision  INTEGER NOT NULL,
  details   BLOB NOT NULL
) STRICT;
CREATE INDEX incident_incident_state ON incident_incident (state, id);
CREATE INDEX incident_incident_source ON incident_incident (source, about);

-- The timeline: each line is written once.
CREATE TABLE incident_step (
  incident TEXT NOT NULL,
  id       TEXT NOT NULL,
  kind     TEXT NOT NULL,
  at       INTEGER NOT NULL,
  by       TEXT NOT NULL,
  entry    TEXT NOT NULL,  -- of the journal
  text     BLOB NOT NULL,
  PRIMARY KEY (incident, id)
) STRICT;
CREATE INDEX incident_step_by ON incident_step (by);

-- Who does what.
CREATE TABLE incident_hand (
  incident TEXT NOT NULL,
  person   TEXT NOT NULL,
  part     TEXT NOT NULL,  -- technical, communication, dpo, legal
  since    INTEGER NOT NULL,
  PRIMARY KEY (incident, person, part)
) STRICT;
CREATE INDEX incident_hand_person ON incident_hand (person);

CREATE TABLE incident_task (
  incident TEXT NOT NULL,
  id       TEXT NOT NULL,
  owner    TEXT NOT NULL,
  due_at   INTEGER NOT NULL,
  done_at  INTEGER NOT NULL,
  done_by  TEXT NOT NULL,
  title    BLOB NOT NULL,
  PRIMARY KEY (incident, id)
) STRICT;
CREATE INDEX incident_task_owner ON incident_task (owner);

-- Frozen: an extract of a journal with its proofs, or a file. The digest is in the journal.
CREATE TABLE incident_evidence (
  incident TEXT NOT NULL,
  id       TEXT NOT NULL,
  kind     TEXT NOT NULL,  -- journal, file
  at       INTEGER NOT NULL,
  by       TEXT NOT NULL,
  type     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  digest   TEXT NOT NULL,
  name     BLOB NOT NULL,
  content  BLOB NOT NULL,
  PRIMARY KEY (incident, id)
) STRICT;
CREATE INDEX incident_evidence_by ON incident_evidence (by);

-- What the list of persons was computed from; the newest is in force.
CREATE TABLE incident_scope (
  incident TEXT NOT NULL,
  id       TEXT NOT NULL,
  at       INTEGER NOT NULL,
  by       TEXT NOT NULL,
  entries  INTEGER NOT NULL,  -- of the journal that were read
  persons  INTEGER NOT NULL,
  orgs     INTEGER NOT NULL,
  criteria BLOB NOT NULL,
  PRIMARY KEY (incident, id)
) STRICT;
CREATE INDEX incident_scope_by ON incident_scope (by);

-- Persons possibly affected, by organization.
CREATE TABLE incident_affected (
  org      TEXT NOT NULL,
  incident TEXT NOT NULL,
  person   TEXT NOT NULL,
  why      TEXT NOT NULL,     -- codes: account, read, written, table names
  acts     INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  PRIMARY KEY (org, incident, person)
) STRICT;
CREATE INDEX incident_affected_incident ON incident_affected (incident, org);
CREATE INDEX incident_affected_person ON incident_affected (person);

-- One notice per organization and phase. What it says is sealed under the organization's key.
CREATE TABLE incident_notice (
  org      TEXT NOT NULL,
  id       TEXT NOT NULL,
  incident TEXT NOT NULL,
  phase    TEXT NOT NULL,  -- initial, complement
  made_at  INTEGER NOT NULL,
  made_by  TEXT NOT NULL,
  sent_at  INTEGER NOT NULL,
  sent_by  TEXT NOT NULL,
  seen_at  INTEGER NOT NULL,
  seen_by  TEXT NOT NULL,
  mails    INTEGER NOT NULL,
  persons  INTEGER NOT NULL,
  digest   TEXT NOT NULL,  -- SHA-256 of the text and the list as they were sent
  text     BLOB NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX incident_notice_incident ON incident_notice (incident, org);

-- Deadlines that were told: each step once.
CREATE TABLE incident_reminder (
  incident TEXT NOT NULL,
  what     TEXT NOT NULL,
  step     TEXT NOT NULL,
  sent_at  INTEGER NOT NULL,
  PRIMARY KEY (incident, what, step)
) STRICT;
