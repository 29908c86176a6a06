-- Who was erased, beside the keys: what a restore of the data does not bring back. org is '' for a whole person. done_at is 0
-- until the order ends.
CREATE TABLE erasure_tombstone (
  id      TEXT NOT NULL PRIMARY KEY,  -- of the order
  org     TEXT NOT NULL,
  person  TEXT NOT NULL,
  reason  TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  done_at INTEGER NOT NULL
) STRICT;
CREATE INDEX erasure_tombstone_person ON erasure_tombstone (person);
