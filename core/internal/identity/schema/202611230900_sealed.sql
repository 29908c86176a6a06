-- What identifies a person is sealed: one value holds names, gender, addresses and phone, mark is the blind index of the sign-in
-- address. The rows are rewritten before the next file takes the clear columns away.
ALTER TABLE identity_person ADD COLUMN profile BLOB NOT NULL DEFAULT X'';
ALTER TABLE identity_person ADD COLUMN mark BLOB NOT NULL DEFAULT X'';
ALTER TABLE identity_account ADD COLUMN mark BLOB NOT NULL DEFAULT X'';
ALTER TABLE identity_link ADD COLUMN details BLOB NOT NULL DEFAULT X'';
