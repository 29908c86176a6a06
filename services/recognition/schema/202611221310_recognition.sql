-- A link to one tool of a customer. What it is called, how it is read and what is shown is sealed under the organization's key.
-- Its cards are sealed under a key of the link's own, so that a link removed is unreadable at once, wherever its rows still stand.
CREATE TABLE recognition_link (
  org     TEXT NOT NULL,
  id      TEXT NOT NULL,
  state   TEXT NOT NULL,  -- awaiting, active, paused
  made_at INTEGER NOT NULL,
  made_by TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
