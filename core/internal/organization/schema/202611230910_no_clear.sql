-- Nothing that is still in clear is thrown away: a row that was not sealed stops the upgrade here.
CREATE TABLE organization_guard (n INTEGER NOT NULL CHECK (n = 0)) STRICT;
INSERT INTO organization_guard SELECT COUNT(*) FROM organization_member WHERE LENGTH(sealed) = 0;
DROP TABLE organization_guard;

DROP INDEX organization_member_sort;
DROP INDEX organization_member_department;
DROP INDEX organization_member_function;
DROP INDEX organization_member_joined;
ALTER TABLE organization_member DROP COLUMN name;
ALTER TABLE organization_member DROP COLUMN email;
ALTER TABLE organization_member DROP COLUMN sort;
ALTER TABLE organization_member DROP COLUMN find;
ALTER TABLE organization_member DROP COLUMN function;
ALTER TABLE organization_member DROP COLUMN department;
ALTER TABLE organization_member DROP COLUMN team;
ALTER TABLE organization_member DROP COLUMN committee;
