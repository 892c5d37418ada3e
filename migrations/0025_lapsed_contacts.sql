-- The addresses of a household that never came are forgotten 90 days after its last invitation ended.

ALTER TABLE contacts
    ADD COLUMN lapsed boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT contacts_lapsed_is_erased CHECK (NOT lapsed OR erased_at IS NOT NULL);
COMMENT ON COLUMN contacts.lapsed IS 'Whether it was forgotten because nobody came, not on request: who names it again brings it back.';
COMMENT ON COLUMN contacts.erased_at IS 'When the address was forgotten: on request, or 90 days after an invitation that nobody used.';

ALTER TABLE invitations ADD COLUMN looked_back boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN invitations.looked_back IS 'Whether, 90 days after its end, its household''s addresses were forgotten, or looked at and kept.';
CREATE INDEX invitations_to_look_back_at ON invitations (ended_at)
    WHERE kind = 'household' AND ended_at IS NOT NULL AND NOT looked_back;
