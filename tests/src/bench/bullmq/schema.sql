-- What a mailing of invitations keeps with BullMQ beside it: one row for each invitation, and what became of it.
CREATE TABLE invitations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    code text NOT NULL UNIQUE,
    outcome text NOT NULL DEFAULT 'queued',
    answer text,
    attempts smallint NOT NULL DEFAULT 0,
    stored_at timestamptz NOT NULL DEFAULT now(),
    sent_at timestamptz
) WITH (fillfactor = 50); -- as in our own ledger: an update stays on its page
