-- One archive of one person. state: queued, building, ready, failed. done of total rooms were asked. made_at begins its seven days.
CREATE TABLE archive_archive (
  id       TEXT NOT NULL PRIMARY KEY,
  person   TEXT NOT NULL,
  request  TEXT NOT NULL,  -- of rights, '' when none
  portable INTEGER NOT NULL,
  state    TEXT NOT NULL,
  done     INTEGER NOT NULL,
  total    INTEGER NOT NULL,
  records  INTEGER NOT NULL,
  size     INTEGER NOT NULL,
  pieces   INTEGER NOT NULL,
  digest   TEXT NOT NULL,  -- SHA-256 of the file
  made_at  INTEGER NOT NULL,
  ready_at INTEGER NOT NULL,
  taken_at INTEGER NOT NULL  -- when it was last downloaded
) STRICT;
CREATE INDEX archive_archive_person ON archive_archive (person, id);
CREATE INDEX archive_archive_made ON archive_archive (made_at);

-- The file, piece by piece, each sealed under the person's key: bound to its archive and its place.
CREATE TABLE archive_piece (
  archive TEXT NOT NULL,
  n       INTEGER NOT NULL,
  sealed  BLOB NOT NULL,
  PRIMARY KEY (archive, n)
) STRICT;
