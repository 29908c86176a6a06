-- How far rows were indexed anew under the newest secret of a field: the work goes on from there.
ALTER TABLE vault_index ADD COLUMN reached TEXT NOT NULL DEFAULT '';
