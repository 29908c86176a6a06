-- One log per organization, and one for the platform. The number stands for the organization in the other tables; the
-- size and root of a log stand in its last batch.
CREATE TABLE journal_log (
  log      INTEGER NOT NULL PRIMARY KEY,
  org      TEXT    NOT NULL UNIQUE,
  indexed  INTEGER NOT NULL DEFAULT 0,  -- entries below this sequence are in the index
  pruned   INTEGER NOT NULL DEFAULT 0,  -- entries below this sequence keep their leaf hash only
  trimmed  INTEGER NOT NULL DEFAULT 0   -- entries below this sequence have lost their full address
) STRICT;

-- Entries that were committed together, in their place: pos = log * 2^40 + sequence of the first, so that one key orders
-- and separates the logs. No batch reaches over the end of a tile.
CREATE TABLE journal_batch (
  pos      INTEGER NOT NULL PRIMARY KEY,
  count    INTEGER NOT NULL,  -- entries
  root     BLOB    NOT NULL,  -- of the tree that ends with this batch
  leaves   BLOB    NOT NULL,  -- hashes of its entries, unless the commit that wrote it filled their tile
  body     BLOB    NOT NULL   -- for each: its text and its sealed parts, each behind its length (pack.go)
) STRICT;

-- Where to look: for each value that can be searched, the entries of a block that have it (index.go). It follows the
-- entries by whole blocks; the explorer reads what comes after from the batches.
CREATE TABLE journal_index (
  log      INTEGER NOT NULL,
  key      TEXT    NOT NULL,
  block    INTEGER NOT NULL,  -- sequence of its first entry
  places   BLOB    NOT NULL,  -- 16 bits each, from the first entry of the block
  PRIMARY KEY (log, key, block)
) STRICT, WITHOUT ROWID;

-- Entries that wait for their place (engines where acts commit in parallel): those of one transaction in one log.
CREATE TABLE journal_pending (
  id       TEXT    NOT NULL PRIMARY KEY,  -- of the first
  org      TEXT    NOT NULL,
  body     BLOB    NOT NULL
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
