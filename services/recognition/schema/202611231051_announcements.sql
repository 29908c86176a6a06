-- The tools that an agent sees on its machine, by their names and those of their fields, for the person who chooses one. Sealed under
-- the link's own key, gone after half an hour.
CREATE TABLE recognition_announcement (
  org      TEXT NOT NULL,
  link     TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  told_at  INTEGER NOT NULL,  -- 0 until the agent has answered
  told     BLOB NOT NULL,
  until_at INTEGER NOT NULL,
  PRIMARY KEY (org, link)
) STRICT;
CREATE INDEX recognition_announcement_until ON recognition_announcement (until_at);
