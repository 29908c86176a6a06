-- A published version of a pack: its text as it was read, its hash, and what became of each clause.
CREATE TABLE control_publication (
  pack         TEXT    NOT NULL,
  number       INTEGER NOT NULL,
  version      TEXT    NOT NULL,
  hash         TEXT    NOT NULL,
  source       BLOB    NOT NULL,
  state        TEXT    NOT NULL,  -- in_force, replaced, withdrawn
  published_at INTEGER NOT NULL,
  published_by TEXT    NOT NULL,
  ended_at     INTEGER NOT NULL,
  PRIMARY KEY (pack, number)
) STRICT;
CREATE UNIQUE INDEX control_publication_force ON control_publication (pack) WHERE state = 'in_force';
CREATE INDEX control_publication_by ON control_publication (published_by);

-- What a publication says of each clause: held, apart (not built, not shown) or withdrawn.
CREATE TABLE control_clause (
  pack   TEXT    NOT NULL,
  number INTEGER NOT NULL,
  clause TEXT    NOT NULL,
  state  TEXT    NOT NULL,
  PRIMARY KEY (pack, number, clause)
) STRICT;

-- The version that an organization was promised, who was told, and what it signed.
CREATE TABLE control_pin (
  org       TEXT    NOT NULL,
  pack      TEXT    NOT NULL,
  number    INTEGER NOT NULL,
  hash      TEXT    NOT NULL,
  pinned_at INTEGER NOT NULL,
  signed_at INTEGER NOT NULL,
  signed_by TEXT    NOT NULL,
  PRIMARY KEY (org, pack, number)
) STRICT;
CREATE INDEX control_pin_pack ON control_pin (pack, number, org);
CREATE INDEX control_pin_by ON control_pin (signed_by);

CREATE TABLE control_told (
  org     TEXT    NOT NULL,
  pack    TEXT    NOT NULL,
  number  INTEGER NOT NULL,
  person  TEXT    NOT NULL,
  told_at INTEGER NOT NULL,
  PRIMARY KEY (org, pack, number, person)
) STRICT;
CREATE INDEX control_told_person ON control_told (person);

-- One row per run of a probe, never changed.
CREATE TABLE control_observation (
  id         TEXT    NOT NULL PRIMARY KEY,
  probe      TEXT    NOT NULL,
  outcome    TEXT    NOT NULL,  -- held, broken, unseen
  why_fr     TEXT    NOT NULL,
  why_en     TEXT    NOT NULL,
  population INTEGER NOT NULL,
  sample     INTEGER NOT NULL,
  settings   TEXT    NOT NULL,
  entries    TEXT    NOT NULL,
  began_at   INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  version    TEXT    NOT NULL,
  node       TEXT    NOT NULL,
  log        TEXT    NOT NULL,
  entry      TEXT    NOT NULL,
  position   INTEGER NOT NULL,
  signature  BLOB    NOT NULL
) STRICT;
CREATE INDEX control_observation_probe ON control_observation (probe, id);

-- The newest observation of each probe, when it is due again, and who runs it now.
CREATE TABLE control_probe (
  probe     TEXT    NOT NULL PRIMARY KEY,
  last      TEXT    NOT NULL,
  due_at    INTEGER NOT NULL,
  runner    TEXT    NOT NULL,
  lease     INTEGER NOT NULL,
  alert     TEXT    NOT NULL  -- the episode that is open, '' when none is
) STRICT;
CREATE INDEX control_probe_due ON control_probe (due_at);

-- How each clause stands and since when; what it was before is in the days.
CREATE TABLE control_status (
  pack       TEXT    NOT NULL,
  clause     TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  since      INTEGER NOT NULL,
  PRIMARY KEY (pack, clause)
) STRICT;

-- Microseconds that each clause spent in each status, per day (days since 1970, UTC), up to the since of its status.
CREATE TABLE control_day (
  pack   TEXT    NOT NULL,
  clause TEXT    NOT NULL,
  day    INTEGER NOT NULL,
  held   INTEGER NOT NULL,
  broken INTEGER NOT NULL,
  other  INTEGER NOT NULL,
  PRIMARY KEY (pack, clause, day)
) STRICT;

-- One row per break of a probe that clauses in force rest on, until it is mended.
CREATE TABLE control_alert (
  id          TEXT    NOT NULL PRIMARY KEY,
  probe       TEXT    NOT NULL,
  observation TEXT    NOT NULL,
  clauses     TEXT    NOT NULL,
  orgs        INTEGER NOT NULL,
  began_at    INTEGER NOT NULL,
  mended_at   INTEGER NOT NULL,
  mended_by   TEXT    NOT NULL
) STRICT;
CREATE INDEX control_alert_open ON control_alert (id) WHERE mended_at = 0;

CREATE TABLE control_webhook (
  id         TEXT    NOT NULL PRIMARY KEY,
  url        TEXT    NOT NULL,
  secret     BLOB    NOT NULL,
  made_at    INTEGER NOT NULL,
  made_by    TEXT    NOT NULL,
  last_at    INTEGER NOT NULL,
  last_reply TEXT    NOT NULL
) STRICT;
CREATE INDEX control_webhook_by ON control_webhook (made_by);
