-- A link to one tool of a customer. What it is called, how it is read and what is shown is sealed under the organization's key.
-- Its cards are sealed under a key of the link's own, so that a link removed is unreadable at once, wherever its rows still stand.
CREATE TABLE recognition_link (
  org      TEXT NOT NULL,
  id       TEXT NOT NULL,
  state    TEXT NOT NULL,     -- awaiting, active, paused, removed (its rows are going)
  version  INTEGER NOT NULL,  -- of its mapping
  shelf    INTEGER NOT NULL,  -- the generation of cards that is found; 0 when none is
  cards    INTEGER NOT NULL,  -- how many stand on it
  settings BLOB NOT NULL,     -- name, kind, mapping
  secret   BLOB NOT NULL,     -- what the tool is read with, under the link's key; empty when none is kept
  turn_at  INTEGER NOT NULL,  -- when its cards were last changed; 0: never
  made_at  INTEGER NOT NULL,
  made_by  TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
