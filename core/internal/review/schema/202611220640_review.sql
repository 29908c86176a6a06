-- Roles asked for (CTI-37.6). state: asked, confirm (the manager granted, an administrator confirms), granted, refused,
-- expired, withdrawn. until_at is the end that was wished, then the one that was granted. A request is closed, never deleted.
CREATE TABLE review_request (
  org         TEXT NOT NULL,
  id          TEXT NOT NULL,
  person      TEXT NOT NULL,
  role        TEXT NOT NULL,
  service     TEXT NOT NULL,
  object      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  state       TEXT NOT NULL,
  until_at    INTEGER NOT NULL,
  asked_at    INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  reminded_at INTEGER NOT NULL,
  judge       TEXT NOT NULL,
  judged_at   INTEGER NOT NULL,
  confirmer   TEXT NOT NULL,
  word        TEXT NOT NULL,
  assignment  TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX review_request_open ON review_request (org, state, id) WHERE state IN ('asked', 'confirm');
CREATE INDEX review_request_person ON review_request (person, org, id);

-- Reviews of assignments (CTI-37.8, CTI-37.9). origin: planned, asked, mover; scope: all, role, staff, person.
CREATE TABLE review_campaign (
  org         TEXT NOT NULL,
  id          TEXT NOT NULL,
  origin      TEXT NOT NULL,
  scope       TEXT NOT NULL,
  role        TEXT NOT NULL,
  person      TEXT NOT NULL,
  state       TEXT NOT NULL,
  started_by  TEXT NOT NULL,
  started_at  INTEGER NOT NULL,
  deadline_at INTEGER NOT NULL,
  closed_at   INTEGER NOT NULL,
  reminded    INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX review_campaign_open ON review_campaign (deadline_at) WHERE state = 'open';
CREATE INDEX review_campaign_person ON review_campaign (person) WHERE person <> '';

-- What was reviewed, as it stood when the review began. answer: '', kept, revoked, lapsed (no answer: revoked by the
-- platform), gone (ended otherwise meanwhile), left (the last administrator: cannot be revoked), restored.
CREATE TABLE review_line (
  org         TEXT NOT NULL,
  campaign    TEXT NOT NULL,
  id          TEXT NOT NULL,
  assignment  TEXT NOT NULL,
  person      TEXT NOT NULL,
  role        TEXT NOT NULL,
  service     TEXT NOT NULL,
  object      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  from_at     INTEGER NOT NULL,
  until_at    INTEGER NOT NULL,
  answer      TEXT NOT NULL,
  word        TEXT NOT NULL,
  answered_by TEXT NOT NULL,
  answered_at INTEGER NOT NULL,
  restored_by TEXT NOT NULL,
  restored_at INTEGER NOT NULL,
  PRIMARY KEY (org, campaign, id)
) STRICT;
CREATE UNIQUE INDEX review_line_id ON review_line (org, id);
CREATE INDEX review_line_open ON review_line (org, person) WHERE answer = '';
CREATE INDEX review_line_person ON review_line (person);

-- Two sessions of one account used within minutes of one another from different networks and devices (ACC-2.2). kind says
-- of what sort the two devices are; sealed holds the networks and devices, under the person's key.
CREATE TABLE review_overlap (
  id     TEXT NOT NULL PRIMARY KEY,
  person TEXT NOT NULL,
  at     INTEGER NOT NULL,
  kind   TEXT NOT NULL,
  far    INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
CREATE INDEX review_overlap_person ON review_overlap (person, at);
CREATE INDEX review_overlap_at ON review_overlap (at);

-- Accounts flagged as shared, one open line per person. state: open, explained (by the person), mine (settled as one
-- person's use), shared (it was shared).
CREATE TABLE review_sharing (
  id        TEXT NOT NULL PRIMARY KEY,
  person    TEXT NOT NULL,
  state     TEXT NOT NULL,
  score     INTEGER NOT NULL,
  seen      INTEGER NOT NULL,
  first_at  INTEGER NOT NULL,
  last_at   INTEGER NOT NULL,
  judged_by TEXT NOT NULL,
  judged_at INTEGER NOT NULL,
  word      TEXT NOT NULL
) STRICT;
CREATE INDEX review_sharing_person ON review_sharing (person, state);
