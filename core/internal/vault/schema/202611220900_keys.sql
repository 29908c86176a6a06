-- One key per owner, wrapped by the root key. A destroyed key keeps its row, without the key, so that it is never made anew.
CREATE TABLE vault_key (
  owner     TEXT    NOT NULL PRIMARY KEY,
  epoch     INTEGER NOT NULL,
  wrapped   BLOB,
  made      INTEGER NOT NULL,
  destroyed INTEGER NOT NULL DEFAULT 0
) STRICT;
