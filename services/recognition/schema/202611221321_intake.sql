-- How the cards of a link are brought by an agent: the session that is open, and what was proven when the last one ended.
-- The key of the hashes is sealed under the link's own key.
CREATE TABLE recognition_sync (
  org            TEXT NOT NULL,
  link           TEXT NOT NULL,
  secret         BLOB NOT NULL,
  state          TEXT NOT NULL,     -- idle, open, switching, waiting, approved, refused
  session        TEXT NOT NULL,
  account        TEXT NOT NULL,     -- the service account that opened it
  whole          INTEGER NOT NULL,  -- 1: what the session does not bring goes at its end
  mapping        INTEGER NOT NULL,
  generation     INTEGER NOT NULL,
  cards          INTEGER NOT NULL,
  digest         TEXT NOT NULL,     -- proven equal at done_at
  next           INTEGER NOT NULL,
  wanted         INTEGER NOT NULL,  -- cards and digest that the agent said at its commit
  wanted_digest  TEXT NOT NULL,
  refused_digest TEXT NOT NULL,
  puts           INTEGER NOT NULL,
  deletes        INTEGER NOT NULL,
  loaded         INTEGER NOT NULL,
  every          INTEGER NOT NULL,  -- seconds between two turns, as the agent says
  version        TEXT NOT NULL,
  fault          TEXT NOT NULL,
  begun_at       INTEGER NOT NULL,
  pushed_at      INTEGER NOT NULL,
  done_at        INTEGER NOT NULL,
  told_at        INTEGER NOT NULL,  -- when managers were told that it is late
  PRIMARY KEY (org, link)
) STRICT;

-- What an open session brought, chunk by chunk, sealed under the link's key until it is loaded.
CREATE TABLE recognition_chunk (
  org     TEXT NOT NULL,
  link    TEXT NOT NULL,
  session TEXT NOT NULL,
  number  INTEGER NOT NULL,
  body    BLOB NOT NULL,
  PRIMARY KEY (org, link, session, number)
) STRICT;

-- Programs at a customer's: the hash of the one-time code, then the service account that it was exchanged for.
CREATE TABLE recognition_agent (
  org     TEXT NOT NULL,
  id      TEXT NOT NULL,
  what    TEXT NOT NULL,
  link    TEXT NOT NULL,
  name    BLOB NOT NULL,
  code    TEXT NOT NULL,  -- "" once used
  until   INTEGER NOT NULL,
  account TEXT NOT NULL,
  made_by TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX recognition_agent_code ON recognition_agent (code);
CREATE INDEX recognition_agent_account ON recognition_agent (org, account);
