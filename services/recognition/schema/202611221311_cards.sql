-- A shelf is one generation of the cards of a link: a new one is filled beside that in use, and one update switches.
CREATE TABLE recognition_shelf (
  org     TEXT NOT NULL,
  shelf   INTEGER NOT NULL,
  link    TEXT NOT NULL,
  state   TEXT NOT NULL,     -- filling, used, left (its rows are going)
  made_at INTEGER NOT NULL,
  PRIMARY KEY (org, shelf)
) STRICT;

-- The cards themselves, named by the keyed hash of the record that each came from. They are copies: no backup holds them.
CREATE TABLE recognition_card (
  org    TEXT NOT NULL,
  shelf  INTEGER NOT NULL,
  key    BLOB NOT NULL,  -- 16 bytes
  mark   BLOB NOT NULL,  -- keyed hash of its content, 8 bytes
  blinds BLOB NOT NULL,  -- blind indexes of its numbers, 16 bytes each
  value  BLOB NOT NULL,  -- sealed under the link's key
  PRIMARY KEY (org, shelf, key)
) STRICT, WITHOUT ROWID;

-- Which cards a number leads to: the number itself stands nowhere.
CREATE TABLE recognition_number (
  org    TEXT NOT NULL,
  shelf  INTEGER NOT NULL,
  blind  BLOB NOT NULL,
  key    BLOB NOT NULL,
  PRIMARY KEY (org, shelf, blind, key)
) STRICT, WITHOUT ROWID;

-- The numbers of companies that begin alike, named by whoever sets a link up.
CREATE TABLE recognition_trunk (
  org    TEXT NOT NULL,
  blind  BLOB NOT NULL,     -- of the digits that they begin with
  link   TEXT NOT NULL,
  digits INTEGER NOT NULL,  -- how many these are
  value  BLOB NOT NULL,     -- sealed under the link's key
  PRIMARY KEY (org, blind, link)
) STRICT;
