-- What an organization (or the platform) asks of persons. latest is the version in force, due the oldest one whose consent
-- still holds.
CREATE TABLE consent_question (
  org        TEXT NOT NULL,
  id         TEXT NOT NULL,
  purpose    TEXT NOT NULL,
  latest     INTEGER NOT NULL,
  due        INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  closed_at  INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE UNIQUE INDEX consent_question_id ON consent_question (id);

-- The versions of a question, never changed. asks: ids of fields, between spaces. days: the longest that they are shared for.
CREATE TABLE consent_text (
  org          TEXT NOT NULL,
  question     TEXT NOT NULL,
  number       INTEGER NOT NULL,
  title_fr     TEXT NOT NULL,
  title_en     TEXT NOT NULL,
  text_fr      TEXT NOT NULL,
  text_en      TEXT NOT NULL,
  asks         TEXT NOT NULL,
  days         INTEGER NOT NULL,
  digest       TEXT NOT NULL,  -- SHA-256 of all of the above
  again        INTEGER NOT NULL,
  published_at INTEGER NOT NULL,
  published_by TEXT NOT NULL,
  PRIMARY KEY (org, question, number)
) STRICT;

-- What persons answered: lines are added, none is changed. given: 1 given, 0 withdrawn. share: the share that it began or
-- ended. why: of an end: "person", "until", "closed", "request".
CREATE TABLE consent_record (
  org      TEXT NOT NULL,
  id       TEXT NOT NULL,
  person   TEXT NOT NULL,
  question TEXT NOT NULL,
  number   INTEGER NOT NULL,
  digest   TEXT NOT NULL,
  purpose  TEXT NOT NULL,
  given    INTEGER NOT NULL,
  share    TEXT NOT NULL,
  fields   TEXT NOT NULL,
  until_at INTEGER NOT NULL,
  language TEXT NOT NULL,
  channel  TEXT NOT NULL,  -- page, api, system
  why      TEXT NOT NULL,
  at       INTEGER NOT NULL,
  entry    TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX consent_record_person ON consent_record (person, org, purpose, at);
CREATE INDEX consent_record_question ON consent_record (org, question, person, at);

-- Shares. ended_at 0: it lives, until until_at at the latest.
CREATE TABLE consent_share (
  org      TEXT NOT NULL,
  id       TEXT NOT NULL,
  question TEXT NOT NULL,
  number   INTEGER NOT NULL,
  person   TEXT NOT NULL,
  purpose  TEXT NOT NULL,
  fields   TEXT NOT NULL,
  from_at  INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE UNIQUE INDEX consent_share_id ON consent_share (id);
CREATE UNIQUE INDEX consent_share_live ON consent_share (org, question, person) WHERE ended_at = 0;
CREATE INDEX consent_share_person ON consent_share (person, ended_at);
CREATE INDEX consent_share_until ON consent_share (until_at) WHERE ended_at = 0;

-- What an organization is shown of a share: a copy, sealed under the share's own key.
CREATE TABLE consent_copy (
  org       TEXT NOT NULL,
  share     TEXT NOT NULL,
  field     TEXT NOT NULL,
  value     BLOB NOT NULL,
  copied_at INTEGER NOT NULL,
  PRIMARY KEY (org, share, field)
) STRICT;

-- What an organization notes about a person who shares with it: its own data, sealed under the person's key.
CREATE TABLE consent_note (
  org        TEXT NOT NULL,
  id         TEXT NOT NULL,
  question   TEXT NOT NULL,
  person     TEXT NOT NULL,
  text       BLOB NOT NULL,
  written_at INTEGER NOT NULL,
  written_by TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX consent_note_about ON consent_note (org, question, person, id);
CREATE INDEX consent_note_person ON consent_note (person);
