-- Screen-pop scripts of an organization. What a script is called and what it does is sealed under the organization's key; every
-- version stays, so that a change can be undone.
CREATE TABLE recognition_script (
  org        TEXT NOT NULL,
  id         TEXT NOT NULL,
  version    INTEGER NOT NULL,
  state      TEXT NOT NULL,  -- live, removed
  made_at    INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;

CREATE TABLE recognition_script_version (
  org      TEXT NOT NULL,
  script   TEXT NOT NULL,
  version  INTEGER NOT NULL,
  what     TEXT NOT NULL,  -- made, changed, removed, restored
  undoes   INTEGER NOT NULL,  -- the version that was restored; 0 otherwise
  settings BLOB NOT NULL,
  made_at  INTEGER NOT NULL,
  made_by  TEXT NOT NULL,
  PRIMARY KEY (org, script, version)
) STRICT;
CREATE INDEX recognition_script_version_by ON recognition_script_version (made_by);

-- The hosts and schemes that scripts may open or call.
CREATE TABLE recognition_script_limit (
  org        TEXT NOT NULL PRIMARY KEY,
  settings   BLOB NOT NULL,
  changed_at INTEGER NOT NULL,
  changed_by TEXT NOT NULL
) STRICT;
CREATE INDEX recognition_script_limit_by ON recognition_script_limit (changed_by);

-- The key of an organization that signs the list of local programs, and the list signed last.
CREATE TABLE recognition_program (
  org       TEXT NOT NULL PRIMARY KEY,
  public    BLOB NOT NULL,
  private   BLOB NOT NULL,     -- sealed
  version   INTEGER NOT NULL,  -- 0: nothing was signed yet
  manifest  BLOB NOT NULL,     -- sealed
  signature BLOB NOT NULL,
  signed_at INTEGER NOT NULL,
  signed_by TEXT NOT NULL
) STRICT;
CREATE INDEX recognition_program_by ON recognition_program (signed_by);
