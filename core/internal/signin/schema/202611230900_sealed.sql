-- A sign-in under way lasts twenty minutes: those of an older release, whose address is not sealed, begin anew. Labels of browsers
-- are sealed before the next file takes the clear ones away.
ALTER TABLE signin_flow DROP COLUMN login;
ALTER TABLE signin_flow ADD COLUMN typed BLOB NOT NULL DEFAULT X'';
ALTER TABLE signin_device ADD COLUMN sealed BLOB NOT NULL DEFAULT X'';
