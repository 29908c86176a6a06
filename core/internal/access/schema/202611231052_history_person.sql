-- What a person was ever given, in whatever organization: they are given it all, and an erasure goes through it.
CREATE INDEX access_assignment_given ON access_assignment (person, given_at);
