-- What a leader does about an entry of a list can be taken back, and one entry can be sent once more by itself.

ALTER TABLE draft_entries
    ADD COLUMN removed boolean NOT NULL DEFAULT false,
    ADD COLUMN again   boolean,
    ADD COLUMN pasted  jsonb;
COMMENT ON COLUMN draft_entries.removed IS 'Whether the leader took it out: it is not judged and not sent, and can be put back.';
COMMENT ON COLUMN draft_entries.again IS 'Whether it is sent once more where its household is invited already; NULL: as the list as a whole.';
COMMENT ON COLUMN draft_entries.pasted IS 'What stood in it before it was first changed; NULL: what stands in it now.';
