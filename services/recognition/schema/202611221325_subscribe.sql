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
