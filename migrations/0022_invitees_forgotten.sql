-- Whoever was invited by a head and never came is forgotten, as unjoined households are.

CREATE INDEX contacts_of_invitees ON contacts (id) WHERE of_member AND erased_at IS NULL;
COMMENT ON COLUMN contacts.erased_at IS 'When the address was forgotten: on request, or 90 days after a head''s invite that nobody used.';
