-- Telephone exchanges of an organization. How one is reached is sealed under the organization's key, its passwords apart.
CREATE TABLE recognition_line (
  org      TEXT NOT NULL,
  id       TEXT NOT NULL,
  kind     TEXT NOT NULL,     -- sip, hook, ami, ari, threecx, xsi, fake
  paused   INTEGER NOT NULL,
  version  INTEGER NOT NULL,  -- grows with each change: the node that runs it starts it anew
  settings BLOB NOT NULL,     -- sealed
  secrets  BLOB NOT NULL,     -- sealed
  made_at  INTEGER NOT NULL,
  made_by  TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;

-- Which node speaks to an exchange now, and what it last said of it.
CREATE TABLE recognition_lease (
  org       TEXT NOT NULL,
  line      TEXT NOT NULL,
  holder    TEXT NOT NULL,
  until_at  INTEGER NOT NULL,
  condition TEXT NOT NULL,    -- up, down, refused, ""
  why       TEXT NOT NULL,    -- stable code of the last failure
  seen_at   INTEGER NOT NULL,
  event_at  INTEGER NOT NULL,
  PRIMARY KEY (org, line)
) STRICT;

-- Whose phone an extension is.
CREATE TABLE recognition_phone (
  org       TEXT NOT NULL,
  id        TEXT NOT NULL,
  line      TEXT NOT NULL,
  person    TEXT NOT NULL,
  extension BLOB NOT NULL,    -- sealed
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX recognition_phone_person ON recognition_phone (person);

-- Calls of a person's own phone, kept for that person. Numbers, names and notes are sealed under the person's key.
CREATE TABLE recognition_call (
  org         TEXT NOT NULL,
  id          TEXT NOT NULL,
  person      TEXT NOT NULL,
  line        TEXT NOT NULL,
  ref         BLOB NOT NULL,     -- blind index of the exchange's own id of the call
  state       TEXT NOT NULL,     -- ringing, answered, ended, missed, elsewhere
  outgoing    INTEGER NOT NULL,
  own         INTEGER NOT NULL,
  masked      INTEGER NOT NULL,
  began_at    INTEGER NOT NULL,
  answered_at INTEGER NOT NULL,
  ended_at    INTEGER NOT NULL,
  changed_at  INTEGER NOT NULL,
  details     BLOB NOT NULL,     -- sealed
  note        BLOB NOT NULL,     -- sealed; empty when nothing was written
  PRIMARY KEY (org, id)
) STRICT;
CREATE UNIQUE INDEX recognition_call_ref ON recognition_call (org, person, ref);
CREATE INDEX recognition_call_changed ON recognition_call (org, person, changed_at);

-- Who a caller was, by the cards found when they called: sealed under the key of the link that each came by, so that they end with it.
CREATE TABLE recognition_known (
  org     TEXT NOT NULL,
  call    TEXT NOT NULL,
  at       INTEGER NOT NULL,     -- place among those found
  link    TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  card    BLOB NOT NULL,         -- sealed
  PRIMARY KEY (org, call, at)
) STRICT;
CREATE INDEX recognition_known_link ON recognition_known (org, link);

-- What a person asked of their phone: done by the node that speaks to the exchange, then gone.
CREATE TABLE recognition_errand (
  org     TEXT NOT NULL,
  id      TEXT NOT NULL,
  line    TEXT NOT NULL,
  person  TEXT NOT NULL,
  verb    TEXT NOT NULL,         -- dial, hangup
  details BLOB NOT NULL,         -- sealed
  made_at INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
