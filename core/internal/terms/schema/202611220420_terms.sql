CREATE TABLE terms_document (
    org        TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    title_fr   TEXT    NOT NULL,
    title_en   TEXT    NOT NULL,
    required   INTEGER NOT NULL,
    state      TEXT    NOT NULL,
    latest     INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    PRIMARY KEY (org, id)
) STRICT;

CREATE UNIQUE INDEX terms_document_id ON terms_document (id);

CREATE TABLE terms_version (
    org          TEXT    NOT NULL,
    document     TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    text_fr      TEXT    NOT NULL,
    text_en      TEXT    NOT NULL,
    summary_fr   TEXT    NOT NULL,
    summary_en   TEXT    NOT NULL,
    hash         TEXT    NOT NULL,
    again        INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    published_at INTEGER NOT NULL,
    published_by TEXT    NOT NULL,
    PRIMARY KEY (org, document, number)
) STRICT;

CREATE TABLE terms_acceptance (
    org         TEXT    NOT NULL,
    document    TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    PRIMARY KEY (org, document, person, version)
) STRICT;

CREATE INDEX terms_acceptance_person ON terms_acceptance (person, document, version);
CREATE INDEX terms_acceptance_when ON terms_acceptance (org, document, accepted_at, person);
