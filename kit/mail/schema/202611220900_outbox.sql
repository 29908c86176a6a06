-- Messages on their way out. sealed holds address, subject and body under the person's key until the message has left.
CREATE TABLE mail_outbox (
  id          TEXT    NOT NULL PRIMARY KEY,
  org         TEXT    NOT NULL,
  person      TEXT    NOT NULL,
  kind        TEXT    NOT NULL,
  sealed      BLOB,
  state       TEXT    NOT NULL,
  attempts    INTEGER NOT NULL,
  next_at     INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  queued_at   INTEGER NOT NULL,
  done_at     INTEGER NOT NULL,
  reply       TEXT    NOT NULL
) STRICT;

CREATE INDEX mail_outbox_due ON mail_outbox (next_at) WHERE state = 'queued';
CREATE INDEX mail_outbox_done ON mail_outbox (done_at) WHERE state <> 'queued';
CREATE INDEX mail_outbox_person ON mail_outbox (person);
