-- What nobody needs any more is not kept: the sealed code of an invitation goes with its time, its look-up 400 days later.

ALTER TABLE invitations
    ALTER COLUMN code_lookup DROP NOT NULL,
    ALTER COLUMN code_lookup_key DROP NOT NULL,
    ADD CONSTRAINT invitations_lookup_names_its_key CHECK ((code_lookup IS NULL) = (code_lookup_key IS NULL)),
    ADD CONSTRAINT invitations_live_is_found CHECK (code_lookup IS NOT NULL OR ended_at IS NOT NULL);
COMMENT ON COLUMN invitations.code_lookup IS 'HMAC-SHA-256 of the code under a key that the database does not have; NULL: the code ended 400 days ago, and is not known any more.';
COMMENT ON COLUMN invitations.code_lookup_key IS 'Which key that was; rotation puts live codes under the newest one.';

CREATE INDEX invitations_by_expiry ON invitations (expires_at) WHERE ended_at IS NULL;
CREATE INDEX invitations_found_after_their_end ON invitations (ended_at) WHERE ended_at IS NOT NULL AND code_lookup IS NOT NULL;
