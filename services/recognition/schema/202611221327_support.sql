-- A problem that somebody reported, and for how long the technical steps of one part are noted. target: id of the link, the line or
-- the person. What was noted stands in recognition_case_line, sealed under a key of the case's own, which dies when it closes.
CREATE TABLE recognition_case (
  org         TEXT NOT NULL,
  id          TEXT NOT NULL,
  scope       TEXT NOT NULL,  -- link, line, calls
  target      TEXT NOT NULL,
  opened_by   TEXT NOT NULL,
  opened_at   INTEGER NOT NULL,
  until_at    INTEGER NOT NULL,  -- nothing is noted after it
  closed_at   INTEGER NOT NULL,
  closed_by   TEXT NOT NULL,
  ended       TEXT NOT NULL,  -- "", closed, settled, expired
  noted       INTEGER NOT NULL,
  shredded_at INTEGER NOT NULL,  -- its key was destroyed
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX recognition_case_person ON recognition_case (opened_by);
CREATE INDEX recognition_case_open ON recognition_case (until_at) WHERE shredded_at = 0;

-- Who of the provider's staff may read a case.
CREATE TABLE recognition_case_staff (
  org      TEXT NOT NULL,
  case_id  TEXT NOT NULL,
  person   TEXT NOT NULL,
  named_by TEXT NOT NULL,
  named_at INTEGER NOT NULL,
  PRIMARY KEY (org, case_id, person)
) STRICT;
CREATE INDEX recognition_case_staff_person ON recognition_case_staff (person);

-- What was noted; line 0 is the problem in the words of whoever reported it.
CREATE TABLE recognition_case_line (
  org     TEXT NOT NULL,
  case_id TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  note    BLOB NOT NULL,
  PRIMARY KEY (org, case_id, seq)
) STRICT;

-- A workstation, as its own agent last described it. A state is good, bad or unknown; beside it, since when. details are its
-- name and system, sealed under the key of the person whose it is.
CREATE TABLE recognition_device (
  org         TEXT NOT NULL,
  person      TEXT NOT NULL,
  id          TEXT NOT NULL,
  details     BLOB NOT NULL,
  disk        TEXT NOT NULL,
  disk_at     INTEGER NOT NULL,
  firewall    TEXT NOT NULL,
  firewall_at INTEGER NOT NULL,
  updates     TEXT NOT NULL,
  updates_at  INTEGER NOT NULL,
  screen      TEXT NOT NULL,
  screen_at   INTEGER NOT NULL,
  first_at    INTEGER NOT NULL,
  seen_at     INTEGER NOT NULL,
  PRIMARY KEY (org, person, id)
) STRICT;
CREATE INDEX recognition_device_person ON recognition_device (person);

-- A code that signs a workstation in, once: the token that it stands for is sealed under the code itself, which is kept nowhere.
CREATE TABLE recognition_desk_code (
  org      TEXT NOT NULL,
  id       TEXT NOT NULL,
  hash     BLOB NOT NULL,
  person   TEXT NOT NULL,
  token    BLOB NOT NULL,
  until_at INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX recognition_desk_code_hash ON recognition_desk_code (hash);
CREATE INDEX recognition_desk_code_person ON recognition_desk_code (person);
