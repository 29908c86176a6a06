-- When a person last did anything, in whatever organization: a dormant account is one that does nothing at all.
CREATE INDEX access_usage_person ON access_usage (person, last_day);
