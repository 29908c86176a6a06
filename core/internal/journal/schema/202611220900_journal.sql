-- One log per organization, and one for the platform. The number stands for the organization in the other tables.
CREATE TABLE journal_log (
  log      INTEGER NOT NULL PRIMARY KEY,
  org      TEXT    NOT NULL UNIQUE,
  size     INTEGER NOT NULL,            -- leaves of the tree
  frontier BLOB    NOT NULL,            -- roots of its perfect subtrees, largest first, 32 bytes each
  indexed  INTEGER NOT NULL DEFAULT 0,  -- entries below this sequence are in the indexes
  pruned   INTEGER NOT NULL DEFAULT 0,  -- entries below this sequence keep their leaf hash only
  trimmed  INTEGER NOT NULL DEFAULT 0   -- entries below this sequence have lost their full address
) STRICT;

-- Entries in their place: pos = log * 2^40 + sequence, so that one key orders and separates the logs. The indexes take an
-- entry once indexed is 1: by the thousand, a moment after its act, so that an act does not pay for five of them
-- (it is their last column too: what counts rows then reads the index alone).
CREATE TABLE journal_entry (
  pos      INTEGER NOT NULL PRIMARY KEY,
  log      INTEGER NOT NULL,
  indexed  INTEGER NOT NULL,
  id       TEXT    NOT NULL,
  at       INTEGER NOT NULL,
  node     TEXT    NOT NULL,
  counter  INTEGER NOT NULL,
  kind     TEXT    NOT NULL,
  actor    TEXT    NOT NULL,
  action   TEXT    NOT NULL,
  verb     TEXT    NOT NULL,
  type     TEXT    NOT NULL,
  resource TEXT    NOT NULL,
  purpose  TEXT    NOT NULL,
  outcome  TEXT    NOT NULL,
  reason   TEXT    NOT NULL,
  request  TEXT    NOT NULL,
  subject  TEXT    NOT NULL,  -- first person concerned
  others   TEXT    NOT NULL,  -- the further ones, joined by commas
  sealed   BLOB    NOT NULL,  -- sealed parts (verify.EncodeParts)
  leaf     BLOB    NOT NULL   -- hash in the tree
) STRICT;
CREATE INDEX journal_entry_at ON journal_entry (log, at, pos);
CREATE INDEX journal_entry_actor ON journal_entry (log, actor, at, pos, indexed) WHERE indexed = 1;
CREATE INDEX journal_entry_action ON journal_entry (log, action, at, pos, indexed) WHERE indexed = 1;
CREATE INDEX journal_entry_resource ON journal_entry (log, resource, at, pos, indexed) WHERE indexed = 1 AND resource <> '';
CREATE INDEX journal_entry_subject ON journal_entry (log, subject, at, pos, indexed) WHERE indexed = 1 AND subject <> '';
CREATE INDEX journal_entry_unusual ON journal_entry (log, at, pos, outcome, indexed) WHERE indexed = 1 AND outcome <> 'success';

-- Further persons concerned by an entry, for their timeline; the first one stands in the entry.
CREATE TABLE journal_subject (
  log     INTEGER NOT NULL,
  subject TEXT    NOT NULL,
  at      INTEGER NOT NULL,
  pos     INTEGER NOT NULL,
  PRIMARY KEY (log, subject, at, pos)
) STRICT;
CREATE INDEX journal_subject_pos ON journal_subject (pos);

-- Entries that wait for their place (engines where acts commit in parallel).
CREATE TABLE journal_pending (
  id       TEXT    NOT NULL PRIMARY KEY,
  org      TEXT    NOT NULL,
  at       INTEGER NOT NULL,
  node     TEXT    NOT NULL,
  counter  INTEGER NOT NULL,
  kind     TEXT    NOT NULL,
  actor    TEXT    NOT NULL,
  action   TEXT    NOT NULL,
  verb     TEXT    NOT NULL,
  type     TEXT    NOT NULL,
  resource TEXT    NOT NULL,
  purpose  TEXT    NOT NULL,
  outcome  TEXT    NOT NULL,
  reason   TEXT    NOT NULL,
  request  TEXT    NOT NULL,
  subject  TEXT    NOT NULL,
  others   TEXT    NOT NULL,
  sealed   BLOB    NOT NULL
) STRICT;

-- Full tiles of 256 hashes: level 0 holds leaves, level n the roots of the tiles of level n-1.
CREATE TABLE journal_tile (
  log    INTEGER NOT NULL,
  level  INTEGER NOT NULL,
  idx    INTEGER NOT NULL,
  hashes BLOB    NOT NULL,
  PRIMARY KEY (log, level, idx)
) STRICT;

-- Signed heads (C2SP tlog-checkpoint), with the cosignatures of witnesses as they arrive.
CREATE TABLE journal_checkpoint (
  log    INTEGER NOT NULL,
  size   INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  note   TEXT    NOT NULL,
  PRIMARY KEY (log, size)
) STRICT;
CREATE INDEX journal_checkpoint_at ON journal_checkpoint (log, at);

-- What each outside place has received.
CREATE TABLE journal_outlet (
  outlet  TEXT    NOT NULL,
  log     INTEGER NOT NULL,
  size    INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  failure TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (outlet, log)
) STRICT;

-- What this installation has cosigned as a witness of others.
CREATE TABLE journal_witness (
  origin TEXT    NOT NULL PRIMARY KEY,
  size   INTEGER NOT NULL,
  root   BLOB    NOT NULL,
  at     INTEGER NOT NULL
) STRICT;

CREATE TABLE journal_lease (
  name   TEXT    NOT NULL PRIMARY KEY,
  holder TEXT    NOT NULL,
  until  INTEGER NOT NULL
) STRICT;

-- A visit: who reads a journal, for what stated reason, until when.
CREATE TABLE journal_visit (
  org    TEXT    NOT NULL,
  id     TEXT    NOT NULL,
  person TEXT    NOT NULL,
  reason BLOB    NOT NULL,
  began  INTEGER NOT NULL,
  ends   INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX journal_visit_person ON journal_visit (org, person, ends);

-- Searches: the text typed (sealed), and those that a person gave a name to.
CREATE TABLE journal_search (
  org     TEXT    NOT NULL,
  id      TEXT    NOT NULL,
  person  TEXT    NOT NULL,
  name    BLOB    NOT NULL,
  filters TEXT    NOT NULL,  -- query string of typed filters: ids and codes only
  words   BLOB    NOT NULL,
  saved   INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX journal_search_person ON journal_search (org, person, saved, at);
