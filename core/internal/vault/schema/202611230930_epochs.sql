-- root key -> one key per organization and epoch (a day) -> one random key per owner. Epoch 1 is that of keys which the root key
-- wraps itself, as it was before; they are wrapped anew at the next start. Epoch 0 without a key marks an organization whose
-- keys were destroyed for ever.
CREATE TABLE vault_epoch (
  org       TEXT    NOT NULL,
  epoch     INTEGER NOT NULL,
  wrapped   BLOB,
  made      INTEGER NOT NULL,
  destroyed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (org, epoch)
) STRICT;

ALTER TABLE vault_key ADD COLUMN org TEXT NOT NULL DEFAULT 'platform';
CREATE INDEX vault_key_org ON vault_key (org);

-- Where the key store is copied to, and what stands there.
CREATE TABLE vault_copy (
  place  TEXT    NOT NULL PRIMARY KEY,
  epoch  INTEGER NOT NULL,
  stamp  TEXT    NOT NULL,
  made   INTEGER NOT NULL,
  keys   INTEGER NOT NULL,
  fault  TEXT    NOT NULL DEFAULT ''
) STRICT;

-- What is known of the root key and of its recovery sheet, by name.
CREATE TABLE vault_fact (
  name  TEXT    NOT NULL PRIMARY KEY,
  value TEXT    NOT NULL,
  made  INTEGER NOT NULL
) STRICT;
