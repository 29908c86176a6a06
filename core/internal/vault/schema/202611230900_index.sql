-- One secret per organization and indexed field, wrapped as the keys of owners are. The newest generation makes indexes; an older
-- one lives while rows are indexed anew.
CREATE TABLE vault_index (
  org        TEXT    NOT NULL,
  field      TEXT    NOT NULL,
  generation INTEGER NOT NULL,
  epoch      INTEGER NOT NULL,
  wrapped    BLOB,
  made       INTEGER NOT NULL,
  destroyed  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (org, field, generation)
) STRICT;
