-- What receipts say about us is said after an answer that was fine, so that an answer alone cannot open what they closed.

ALTER TABLE channels ADD COLUMN heard_afterwards boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN channels.heard_afterwards IS 'Whether a receipt closed it: its probe is believed when it has arrived, or when nothing worse was heard of it until probe_until.';
