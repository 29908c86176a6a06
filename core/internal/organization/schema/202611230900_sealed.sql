-- What an organization typed of a member is one value sealed under the person's key. The rows are rewritten before the next file
-- takes the clear columns away.
ALTER TABLE organization_member ADD COLUMN sealed BLOB NOT NULL DEFAULT X'';
