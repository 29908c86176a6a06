CREATE TABLE organization_organization (
    id         TEXT    PRIMARY KEY,
    name       TEXT    NOT NULL,
    sort       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    time_zone  TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    closed_at  INTEGER NOT NULL,
    version    INTEGER NOT NULL
) STRICT;

CREATE INDEX organization_organization_sort ON organization_organization (sort, id);

CREATE TABLE organization_member (
    org         TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    email       TEXT    NOT NULL,
    sort        TEXT    NOT NULL,
    find        TEXT    NOT NULL,
    function    TEXT    NOT NULL,
    department  TEXT    NOT NULL,
    team        TEXT    NOT NULL,
    committee   TEXT    NOT NULL,
    manager     TEXT    NOT NULL,
    functional  INTEGER NOT NULL,
    responsible TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    invited_at  INTEGER NOT NULL,
    joined_at   INTEGER NOT NULL,
    left_at     INTEGER NOT NULL,
    import      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    PRIMARY KEY (org, id)
) STRICT;

CREATE UNIQUE INDEX organization_member_current ON organization_member (org, person) WHERE state <> 'left';
CREATE INDEX organization_member_person ON organization_member (person, state);
CREATE INDEX organization_member_sort ON organization_member (org, sort, id);
CREATE INDEX organization_member_joined ON organization_member (org, invited_at, id);
CREATE INDEX organization_member_department ON organization_member (org, department, sort, id);
CREATE INDEX organization_member_function ON organization_member (org, function, sort, id);
CREATE INDEX organization_member_manager ON organization_member (org, manager) WHERE manager <> '';
CREATE INDEX organization_member_responsible ON organization_member (org, responsible) WHERE responsible <> '';

CREATE TABLE organization_invitation (
    org          TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    member       TEXT    NOT NULL,
    person       TEXT    NOT NULL,
    secret       BLOB    NOT NULL,
    created_by   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER NOT NULL,
    cancelled_at INTEGER NOT NULL,
    PRIMARY KEY (org, id)
) STRICT;

CREATE UNIQUE INDEX organization_invitation_secret ON organization_invitation (secret);
CREATE INDEX organization_invitation_member ON organization_invitation (org, member, created_at);
CREATE INDEX organization_invitation_person ON organization_invitation (person);
CREATE INDEX organization_invitation_expiry ON organization_invitation (expires_at);

CREATE TABLE organization_signup (
    id         TEXT    PRIMARY KEY,
    secret     BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX organization_signup_secret ON organization_signup (secret);
CREATE INDEX organization_signup_expiry ON organization_signup (expires_at);

CREATE TABLE organization_import (
    org        TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    created_by TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    applied_at INTEGER NOT NULL,
    undone_at  INTEGER NOT NULL,
    added      INTEGER NOT NULL,
    changed    INTEGER NOT NULL,
    same       INTEGER NOT NULL,
    refused    INTEGER NOT NULL,
    kept       INTEGER NOT NULL,
    sealed     BLOB,
    undo       BLOB,
    PRIMARY KEY (org, id)
) STRICT;

CREATE INDEX organization_import_expiry ON organization_import (expires_at);
