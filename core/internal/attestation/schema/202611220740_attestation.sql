-- What named persons attested, as it was signed: never changed, but for its end. details is a free text and sealed under the
-- provider's key. replaced_by is the attestation that renewed it. trial is 1 for what a probe signed: no clause rests on it.
CREATE TABLE attestation_attestation (
  id           TEXT NOT NULL PRIMARY KEY,
  kind         TEXT NOT NULL,
  reach        TEXT NOT NULL,  -- all, site, team
  place        TEXT NOT NULL,  -- name of the site or team
  from_at      INTEGER NOT NULL,
  until_at     INTEGER NOT NULL,
  details      BLOB NOT NULL,
  text_fr      TEXT NOT NULL,
  text_en      TEXT NOT NULL,
  digest       TEXT NOT NULL,  -- SHA-256 of the text signed
  signer       TEXT NOT NULL,
  aal          INTEGER NOT NULL,
  signed_at    INTEGER NOT NULL,
  entry        TEXT NOT NULL,  -- of the journal
  renews       TEXT NOT NULL,
  replaced_by  TEXT NOT NULL,
  withdrawn_at INTEGER NOT NULL,
  withdrawn_by TEXT NOT NULL,
  trial        INTEGER NOT NULL
) STRICT;
CREATE INDEX attestation_attestation_live ON attestation_attestation (until_at) WHERE withdrawn_at = 0 AND replaced_by = '';
CREATE INDEX attestation_attestation_signer ON attestation_attestation (signer);

-- Evidence: name and content are sealed under the provider's key.
CREATE TABLE attestation_file (
  id          TEXT NOT NULL PRIMARY KEY,
  attestation TEXT NOT NULL,
  name        BLOB NOT NULL,
  type        TEXT NOT NULL,
  size        INTEGER NOT NULL,
  digest      TEXT NOT NULL,
  content     BLOB NOT NULL
) STRICT;
CREATE INDEX attestation_file_of ON attestation_file (attestation, id);

-- What each member of staff did of what they owe. duty: training, charter. until_at 0: as long as the version stands.
-- ended_at is set when a newer line takes its place. details is a free text, sealed under the person's key.
CREATE TABLE attestation_duty (
  id          TEXT NOT NULL PRIMARY KEY,
  person      TEXT NOT NULL,
  duty        TEXT NOT NULL,
  version     INTEGER NOT NULL,
  digest      TEXT NOT NULL,
  details     BLOB NOT NULL,
  done_at     INTEGER NOT NULL,
  until_at    INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  recorded_by TEXT NOT NULL,
  aal         INTEGER NOT NULL,
  entry       TEXT NOT NULL,
  ended_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX attestation_duty_person ON attestation_duty (person, ended_at);
CREATE INDEX attestation_duty_until ON attestation_duty (until_at) WHERE ended_at = 0 AND until_at > 0;

-- Reminders that were sent: each step of each thing once. about is an attestation or a line of duty.
CREATE TABLE attestation_reminder (
  about   TEXT NOT NULL,
  step    TEXT NOT NULL,  -- 60, 30, 7, expired, missing
  person  TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  PRIMARY KEY (about, step)
) STRICT;
CREATE INDEX attestation_reminder_person ON attestation_reminder (person);
