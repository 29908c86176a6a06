-- What persons had restricted (purpose '') or objected to (a purpose). org '' is every organization. announced_at is when the
-- person was told that a restriction will be lifted, ends_at when it then is (article 18-3). lifted_at > 0: it is over.
CREATE TABLE restraint_restraint (
  id           TEXT NOT NULL PRIMARY KEY,
  org          TEXT NOT NULL,
  person       TEXT NOT NULL,
  purpose      TEXT NOT NULL,
  ground       TEXT NOT NULL,  -- accuracy, unlawful, claims, objection
  request      TEXT NOT NULL,  -- of rights, '' when none
  since        INTEGER NOT NULL,
  placed_by    TEXT NOT NULL,
  announced_at INTEGER NOT NULL,
  ends_at      INTEGER NOT NULL,
  lifted_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX restraint_restraint_person ON restraint_restraint (person);
CREATE INDEX restraint_restraint_live ON restraint_restraint (ends_at, id) WHERE lifted_at = 0;

-- One row, counted up by each change: a node looks at it to know whether its copy is still right.
CREATE TABLE restraint_turn (
  id   INTEGER NOT NULL PRIMARY KEY,
  turn INTEGER NOT NULL
) STRICT;
