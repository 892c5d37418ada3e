-- Why a text did not go: reasons that e-mail does not have.

-- The number.
ALTER TYPE attempt_reason ADD VALUE 'number_unknown';
ALTER TYPE attempt_reason ADD VALUE 'number_not_mobile';
ALTER TYPE attempt_reason ADD VALUE 'number_out_of_reach';
ALTER TYPE attempt_reason ADD VALUE 'phone_unreachable';

-- The recipient's wish: the provider keeps it too, and tells us when we do not know of it yet.
ALTER TYPE attempt_reason ADD VALUE 'opted_out';

-- Us: neither is about any recipient.
ALTER TYPE attempt_reason ADD VALUE 'account_refused';
ALTER TYPE attempt_reason ADD VALUE 'request_refused';

-- Nobody knows: the request was handed over, and the provider says that it failed itself.
ALTER TYPE attempt_reason ADD VALUE 'provider_failed';

-- When a community's texts may go. Stored as instants, so that one comparison decides, whatever clocks do that night.
ALTER TABLE communities
    ADD COLUMN text_opens_at timestamptz,
    ADD COLUMN text_closes_at timestamptz,
    ADD CONSTRAINT communities_text_opening_is_whole CHECK (text_opens_at <= text_closes_at),
    ADD CONSTRAINT communities_text_opening_has_both_ends CHECK ((text_opens_at IS NULL) = (text_closes_at IS NULL));
COMMENT ON COLUMN communities.text_opens_at IS 'When the window for texts that is open, or opens next, opens; NULL: not worked out yet.';
COMMENT ON COLUMN communities.text_closes_at IS 'When it closes; past: the next one is about to be worked out, and nothing begins until then.';

-- What a provider tells us later.
CREATE TYPE receipt_kind AS ENUM ('accepted', 'delivered', 'bounced', 'complained');
COMMENT ON TYPE receipt_kind IS 'What a receipt says became of a message: the provider has it, it arrived, it came back, it was reported as unwanted.';

CREATE TABLE receipts (
    delivery_id uuid NOT NULL REFERENCES deliveries,
    attempt     integer NOT NULL CHECK (attempt > 0),
    kind        receipt_kind NOT NULL,
    provider_id text NOT NULL CHECK (provider_id <> '' AND char_length(provider_id) <= 200),
    reason      attempt_reason,
    code        integer,
    received_at timestamptz NOT NULL DEFAULT app_now(),
    heeded_at   timestamptz,
    PRIMARY KEY (delivery_id, attempt, kind, provider_id)
);
CREATE INDEX receipts_unheeded ON receipts (received_at) WHERE heeded_at IS NULL;
COMMENT ON TABLE receipts IS 'What providers told us after an attempt, each thing once. One that is quicker than our own record of the attempt waits for it.';
COMMENT ON COLUMN receipts.delivery_id IS 'Of which delivery.';
COMMENT ON COLUMN receipts.attempt IS 'Of which of its attempts.';
COMMENT ON COLUMN receipts.kind IS 'What it says.';
COMMENT ON COLUMN receipts.provider_id IS 'The provider''s own name for the message.';
COMMENT ON COLUMN receipts.reason IS 'Why it came back; NULL: it did not.';
COMMENT ON COLUMN receipts.code IS 'The provider''s own code for that, if it said one.';
COMMENT ON COLUMN receipts.received_at IS 'When it first came.';
COMMENT ON COLUMN receipts.heeded_at IS 'When the delivery was moved by it, or found not to be; NULL: it waits for our record.';

CREATE TABLE answered_texts (
    provider_id text PRIMARY KEY CHECK (char_length(provider_id) <= 200),
    received_at timestamptz NOT NULL DEFAULT app_now()
);
CREATE INDEX answered_texts_by_age ON answered_texts (received_at);
COMMENT ON TABLE answered_texts IS 'Texts that residents wrote and that were dealt with, so that none is answered, or heeded, twice: kept 400 days.';
COMMENT ON COLUMN answered_texts.provider_id IS 'The provider''s own name for the text.';
COMMENT ON COLUMN answered_texts.received_at IS 'When it came.';
