CREATE TABLE signin_guard (n INTEGER NOT NULL CHECK (n = 0)) STRICT;
INSERT INTO signin_guard SELECT COUNT(*) FROM signin_device WHERE LENGTH(sealed) = 0;
DROP TABLE signin_guard;
ALTER TABLE signin_device DROP COLUMN label;
ALTER TABLE signin_device RENAME COLUMN sealed TO label;
