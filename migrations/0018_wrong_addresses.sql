-- Addresses that a leader found to be wrong.

ALTER TABLE contacts ADD COLUMN wrong_at timestamptz;
COMMENT ON COLUMN contacts.wrong_at IS 'Since when a leader knows that it does not reach the household: nothing goes there any more, and the next list that names it takes it over.';
