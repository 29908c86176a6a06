-- The key pair of an organization: the public key in clear, the private one under what its people hold.
CREATE TABLE blind_key (
  org         TEXT    NOT NULL,
  generation  INTEGER NOT NULL,
  public      BLOB    NOT NULL,
  salt        TEXT    NOT NULL,
  by_phrase   BLOB    NOT NULL,
  by_recovery BLOB    NOT NULL,
  made        INTEGER NOT NULL,
  changed     INTEGER NOT NULL,
  PRIMARY KEY (org, generation)
) STRICT;

-- The private key under a key that one browser holds, for one session.
CREATE TABLE blind_unlock (
  org        TEXT    NOT NULL,
  id         TEXT    NOT NULL,
  session    TEXT    NOT NULL,
  person     TEXT    NOT NULL,
  generation INTEGER NOT NULL,
  wrapped    BLOB    NOT NULL,
  made       INTEGER NOT NULL,
  ends       INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX blind_unlock_ends ON blind_unlock (ends);
CREATE INDEX blind_unlock_person ON blind_unlock (person);
