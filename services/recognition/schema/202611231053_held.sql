-- How many bytes of memory what an open session brought takes where its cards are written: a chunk beyond the bound is refused.
ALTER TABLE recognition_sync ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
