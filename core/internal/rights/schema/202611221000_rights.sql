-- Requests of persons about their data. person owns the key that seals what they wrote: their own, or one made for the request
-- of somebody who has no account here. account is the person of the platform that it was established to be, '' before that.
-- place is a blind index of the address, to find a request made twice. details is sealed: name, address, what is asked.
CREATE TABLE rights_request (
  org         TEXT NOT NULL,
  id          TEXT NOT NULL,
  person      TEXT NOT NULL,
  account     TEXT NOT NULL,
  kind        TEXT NOT NULL,  -- information, access, rectification, erasure, restriction, objection, portability, consent
  channel     TEXT NOT NULL,  -- form, space, desk
  language    TEXT NOT NULL,
  place       BLOB NOT NULL,
  details     BLOB NOT NULL,
  state       TEXT NOT NULL,  -- open, answered, refused, withdrawn, joined
  proof       TEXT NOT NULL,  -- none, mailed, doubted, given, proved, failed
  proof_how   TEXT NOT NULL,  -- session, link, document, person
  proved_at   INTEGER NOT NULL,
  proved_by   TEXT NOT NULL,
  tries       INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,  -- the first moment at which it is late
  extended_at INTEGER NOT NULL,
  carried_at  INTEGER NOT NULL,
  effect      TEXT NOT NULL,     -- what the room that carried it out made: an order, an archive, a restriction
  closed_at   INTEGER NOT NULL,
  closed_by   TEXT NOT NULL,
  joined_to   TEXT NOT NULL,
  trial       INTEGER NOT NULL,  -- 1 for what a probe asked
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX rights_request_open ON rights_request (due_at) WHERE state = 'open';
CREATE INDEX rights_request_place ON rights_request (org, place, kind);
CREATE INDEX rights_request_account ON rights_request (account) WHERE account <> '';
CREATE INDEX rights_request_person ON rights_request (person);

-- The times during which identity was in doubt: from our question to the answer. until_at 0: no answer yet.
CREATE TABLE rights_pause (
  org      TEXT NOT NULL,
  request  TEXT NOT NULL,
  from_at  INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  PRIMARY KEY (org, request, from_at)
) STRICT;

-- What happened to a request. note is sealed under the requester's key, empty when nothing was said.
CREATE TABLE rights_step (
  org     TEXT NOT NULL,
  id      TEXT NOT NULL,
  request TEXT NOT NULL,
  what    TEXT NOT NULL,
  who     TEXT NOT NULL,  -- '' for the requester or the platform
  at      INTEGER NOT NULL,
  note    BLOB NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX rights_step_of ON rights_step (org, request, id);

-- What was written to the requester: the proof of answer. text and sent_to are sealed under their key; digest is the SHA-256
-- of the text, which outlives it.
CREATE TABLE rights_letter (
  org      TEXT NOT NULL,
  id       TEXT NOT NULL,
  request  TEXT NOT NULL,
  kind     TEXT NOT NULL,  -- receipt, again, doubt, extension, answer, refusal, withdrawn
  language TEXT NOT NULL,
  subject  TEXT NOT NULL,
  text     BLOB NOT NULL,
  sent_to  BLOB NOT NULL,
  digest   TEXT NOT NULL,
  sent_by  TEXT NOT NULL,
  sent_at  INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX rights_letter_of ON rights_letter (org, request, id);

-- What must be done somewhere: in a room of this platform, in an outside system, at recipients (article 19).
CREATE TABLE rights_task (
  org     TEXT NOT NULL,
  id      TEXT NOT NULL,
  request TEXT NOT NULL,
  place   TEXT NOT NULL,  -- module, system, recipient
  target  TEXT NOT NULL,  -- module, id of the system, id of the activity
  records INTEGER NOT NULL,
  state   TEXT NOT NULL,  -- open, sent, done
  reply   TEXT NOT NULL,  -- of the system: a status
  note    BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  done_at INTEGER NOT NULL,
  done_by TEXT NOT NULL,
  PRIMARY KEY (org, id),
  UNIQUE (org, request, place, target)
) STRICT;

-- Systems outside of the platform that hold data of the same persons. address and secret are sealed under the organization's key.
CREATE TABLE rights_system (
  org        TEXT NOT NULL,
  id         TEXT NOT NULL,
  name       TEXT NOT NULL,
  way        TEXT NOT NULL,  -- webhook, mail, desk
  address    BLOB NOT NULL,
  secret     BLOB NOT NULL,
  made_at    INTEGER NOT NULL,
  made_by    TEXT NOT NULL,
  last_at    INTEGER NOT NULL,
  last_reply TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;

-- Documents that establish an identity. name and content are emptied by the act that ends the check.
CREATE TABLE rights_document (
  org          TEXT NOT NULL,
  id           TEXT NOT NULL,
  request      TEXT NOT NULL,
  name         BLOB NOT NULL,
  type         TEXT NOT NULL,
  size         INTEGER NOT NULL,
  digest       TEXT NOT NULL,
  content      BLOB NOT NULL,
  sent_at      INTEGER NOT NULL,
  destroyed_at INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX rights_document_of ON rights_document (org, request);
CREATE INDEX rights_document_held ON rights_document (sent_at) WHERE destroyed_at = 0;

-- Links that were mailed to a requester; mark is the SHA-256 of the secret.
CREATE TABLE rights_link (
  mark       TEXT NOT NULL PRIMARY KEY,
  org        TEXT NOT NULL,
  request    TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX rights_link_of ON rights_link (org, request);

-- Who was told that a request comes due: each step once to each.
CREATE TABLE rights_notice (
  org     TEXT NOT NULL,
  request TEXT NOT NULL,
  step    TEXT NOT NULL,  -- 10, 3, 0, late
  person  TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  PRIMARY KEY (org, request, step, person)
) STRICT;
CREATE INDEX rights_notice_person ON rights_notice (person);
