-- How a draft is to be sent, and the text that it was read from, so that its columns can be read in another way.

ALTER TABLE drafts
    ADD COLUMN source            text,
    ADD COLUMN source_columns    text[],
    ADD COLUMN note              text CHECK (char_length(note) <= 300),
    ADD COLUMN send_at           timestamptz,
    ADD COLUMN not_after         timestamptz,
    ADD COLUMN consent_statement text CHECK (char_length(consent_statement) <= 1000),
    ADD COLUMN resend            boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN drafts.source IS 'The text that the entries were read from, until they are sent; NULL where it was no table.';
COMMENT ON COLUMN drafts.source_columns IS 'What the leader says that the columns of the text hold; NULL: as its head or content says.';
COMMENT ON COLUMN drafts.note IS 'Personal note of the message.';
COMMENT ON COLUMN drafts.send_at IS 'Not before; NULL: at once.';
COMMENT ON COLUMN drafts.not_after IS 'Not after; NULL: whenever.';
COMMENT ON COLUMN drafts.consent_statement IS 'Who agreed to be texted, how and when.';
COMMENT ON COLUMN drafts.resend IS 'Whether households that are invited already are sent the same code once more.';
