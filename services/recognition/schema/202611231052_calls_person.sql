-- The calls of a person, in whatever organization: they are given them all, and an erasure goes through them.
CREATE INDEX recognition_call_person ON recognition_call (person);
