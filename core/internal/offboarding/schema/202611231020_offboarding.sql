-- Ends of contract. state: leaving, cancelled, closing (its date has passed), erased (its rows are gone), ended (its keys too).
-- reason is a free text, sealed under the provider's key. name is the organization's at the time, sealed too: the certificate
-- needs it when nothing else is left. told is the last reminder: 0 begun, 7 and 1 days before.
CREATE TABLE offboarding_leaving (
  id          TEXT    NOT NULL PRIMARY KEY,
  org         TEXT    NOT NULL,
  state       TEXT    NOT NULL,
  asked_in    TEXT    NOT NULL,
  asked_by    TEXT    NOT NULL,
  asked_at    INTEGER NOT NULL,
  ends_at     INTEGER NOT NULL,
  reason      BLOB    NOT NULL,
  name        BLOB    NOT NULL,
  told        INTEGER NOT NULL,
  held        TEXT    NOT NULL,
  ended_at    INTEGER NOT NULL,
  certificate BLOB    NOT NULL,
  entry       TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX offboarding_leaving_one ON offboarding_leaving (org) WHERE state IN ('leaving', 'closing', 'erased');
CREATE INDEX offboarding_leaving_due ON offboarding_leaving (state, ends_at);

-- More time asked for. state: asked, granted, refused.
CREATE TABLE offboarding_extension (
  id        TEXT    NOT NULL PRIMARY KEY,
  org       TEXT    NOT NULL,
  leaving   TEXT    NOT NULL,
  until_at  INTEGER NOT NULL,
  state     TEXT    NOT NULL,
  asked_by  TEXT    NOT NULL,
  asked_at  INTEGER NOT NULL,
  reason    BLOB    NOT NULL,
  judged_by TEXT    NOT NULL,
  judged_at INTEGER NOT NULL,
  word      BLOB    NOT NULL
) STRICT;
CREATE INDEX offboarding_extension_of ON offboarding_extension (leaving, id);
CREATE INDEX offboarding_extension_open ON offboarding_extension (state, id) WHERE state = 'asked';
