-- Whether an organization has the service. A row stays when it ends, so that one sees since when.
CREATE TABLE recognition_subscription (
  org        TEXT NOT NULL PRIMARY KEY,
  state      TEXT NOT NULL,     -- active, ended
  way        TEXT NOT NULL,     -- page, api, signup
  started_at INTEGER NOT NULL,
  started_by TEXT NOT NULL,
  ended_at   INTEGER NOT NULL,  -- 0 while it is active
  ended_by   TEXT NOT NULL
) STRICT;

-- The sites whose form may sign organizations up, typed by the provider.
CREATE TABLE recognition_origin (
  origin  TEXT NOT NULL PRIMARY KEY,  -- https://www.example.org
  made_at INTEGER NOT NULL,
  made_by TEXT NOT NULL
) STRICT;

-- What an agent tells the person who maps the fields of its tool, sealed under the link's own key and gone after half an hour.
CREATE TABLE recognition_preview (
  org      TEXT NOT NULL,
  link     TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  asked_by TEXT NOT NULL,
  told_at  INTEGER NOT NULL,  -- 0 until the agent has answered
  told     BLOB NOT NULL,
  until_at INTEGER NOT NULL,
  PRIMARY KEY (org, link)
) STRICT;
CREATE INDEX recognition_preview_until ON recognition_preview (until_at);

-- How the last synchronisations of a link ended: counts, nothing of a card.
CREATE TABLE recognition_turn (
  org     TEXT NOT NULL,
  link    TEXT NOT NULL,
  at      INTEGER NOT NULL,
  outcome TEXT NOT NULL,  -- idle, waiting, refused, differs
  puts    INTEGER NOT NULL,
  deletes INTEGER NOT NULL,
  cards   INTEGER NOT NULL,
  PRIMARY KEY (org, link, at)
) STRICT;
