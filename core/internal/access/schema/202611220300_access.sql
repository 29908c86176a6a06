-- Custom roles of an organization; the built-in ones come from the manifests. A role is retired, never deleted.
CREATE TABLE access_role (
  org         TEXT NOT NULL,
  id          TEXT NOT NULL,
  service     TEXT NOT NULL,
  name        TEXT NOT NULL,
  description TEXT NOT NULL,
  created_by  TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  retired_at  INTEGER NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;

-- What each role holds and held: a line ends (until_at) and is never changed. Built-in roles stand under org 'builtin'.
CREATE TABLE access_role_permission (
  org        TEXT NOT NULL,
  role       TEXT NOT NULL,
  permission TEXT NOT NULL,
  from_at    INTEGER NOT NULL,
  until_at   INTEGER NOT NULL,
  PRIMARY KEY (org, role, permission, from_at)
) STRICT;
CREATE INDEX access_role_permission_live ON access_role_permission (org, permission, role) WHERE until_at = 0;

-- Roles given. A line is revoked (revoked_at), never deleted: the habilitation table reads any past date.
CREATE TABLE access_assignment (
  org           TEXT NOT NULL,
  id            TEXT NOT NULL,
  person        TEXT NOT NULL,
  role          TEXT NOT NULL,
  service       TEXT NOT NULL,
  object        TEXT NOT NULL,
  reason        TEXT NOT NULL,
  approver      TEXT NOT NULL,
  given_by      TEXT NOT NULL,
  given_at      INTEGER NOT NULL,
  from_at       INTEGER NOT NULL,
  until_at      INTEGER NOT NULL,
  revoked_at    INTEGER NOT NULL,
  revoked_by    TEXT NOT NULL,
  revoke_reason TEXT NOT NULL,
  PRIMARY KEY (org, id)
) STRICT;
CREATE INDEX access_assignment_person ON access_assignment (person, org) WHERE revoked_at = 0;
CREATE INDEX access_assignment_history ON access_assignment (org, person, given_at);
CREATE INDEX access_assignment_role ON access_assignment (org, role) WHERE revoked_at = 0;
CREATE UNIQUE INDEX access_assignment_id ON access_assignment (id);
CREATE UNIQUE INDEX access_assignment_once ON access_assignment (org, person, role, service, object) WHERE revoked_at = 0 AND until_at = 0;
CREATE INDEX access_assignment_support ON access_assignment (person, org) WHERE role = 'support';

-- Suspensions (ACC-6.1). decided_in is who decided: an organization, or 'platform'; acts_in is where it acts, '' everywhere.
CREATE TABLE access_suspension (
  id          TEXT NOT NULL PRIMARY KEY,
  decided_in  TEXT NOT NULL,
  acts_in     TEXT NOT NULL,
  scope       TEXT NOT NULL,
  target      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  explanation TEXT NOT NULL,
  declared_by TEXT NOT NULL,
  from_at     INTEGER NOT NULL,
  until_at    INTEGER NOT NULL,
  lifted_at   INTEGER NOT NULL,
  lifted_by   TEXT NOT NULL,
  lift_reason TEXT NOT NULL
) STRICT;
CREATE INDEX access_suspension_live ON access_suspension (target) WHERE lifted_at = 0;
CREATE INDEX access_suspension_decided ON access_suspension (decided_in, from_at);

-- Addresses that may reach an organization, or one of its services; 'platform' lists those of provider staff (KSK-3.2).
CREATE TABLE access_allow (
  org      TEXT NOT NULL,
  service  TEXT NOT NULL,
  prefix   TEXT NOT NULL,
  note     TEXT NOT NULL,
  added_by TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (org, service, prefix)
) STRICT;

-- Last day (days since 1970, UTC) on which a person used a permission: unused rights are listed (ACC-5.1).
CREATE TABLE access_usage (
  org        TEXT NOT NULL,
  person     TEXT NOT NULL,
  permission TEXT NOT NULL,
  last_day   INTEGER NOT NULL,
  PRIMARY KEY (org, person, permission)
) STRICT;
