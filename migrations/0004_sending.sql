-- What is sent: batches, deliveries, attempts, and the counts that a leader watches.

CREATE TABLE channels (
    channel      channel PRIMARY KEY,
    closed_until timestamptz,
    reason       attempt_reason,
    closed_at    timestamptz,
    CONSTRAINT channels_closing_is_whole CHECK ((closed_until IS NULL) = (closed_at IS NULL) AND (closed_until IS NULL) = (reason IS NULL))
);
INSERT INTO channels (channel) VALUES ('email'), ('text');
COMMENT ON TABLE channels IS 'The installation''s ways out; one row each. A closed channel uses up nobody''s attempts.';
COMMENT ON COLUMN channels.channel IS 'Which.';
COMMENT ON COLUMN channels.closed_until IS 'Nothing begins before; NULL or past: open.';
COMMENT ON COLUMN channels.reason IS 'What closed it: the operator''s business, not the recipient''s.';
COMMENT ON COLUMN channels.closed_at IS 'When it was closed.';

CREATE TABLE batches (
    id                  uuid PRIMARY KEY,
    community_id        uuid NOT NULL REFERENCES communities,
    channel             channel NOT NULL,
    requested_by        uuid REFERENCES tokens,
    list_hash           bytea NOT NULL CHECK (octet_length(list_hash) = 32),
    subject             text NOT NULL CHECK (char_length(subject) <= 200),
    note                text CHECK (note <> '' AND char_length(note) <= 300),
    template            smallint NOT NULL,
    total               integer NOT NULL CHECK (total > 0),
    send_at             timestamptz,
    not_after           timestamptz,
    consent_statement   text,
    consent_obtained_at timestamptz,
    started_at          timestamptz,
    paused_at           timestamptz,
    cancelled_at        timestamptz,
    finished_at         timestamptz,
    created_at          timestamptz NOT NULL DEFAULT app_now(),
    UNIQUE (community_id, id),
    CONSTRAINT batches_texts_need_consent CHECK (channel <> 'text' OR consent_statement IS NOT NULL)
);
CREATE INDEX batches_same_list ON batches (community_id, list_hash, created_at);
CREATE INDEX batches_open ON batches (id) WHERE finished_at IS NULL;
COMMENT ON TABLE batches IS 'Acts of sending: a verified list, a channel, a message, a time. What the message says is pinned here, so that preview, retry and repeat are the same.';
COMMENT ON COLUMN batches.id IS 'UUIDv7.';
COMMENT ON COLUMN batches.community_id IS 'Who sends.';
COMMENT ON COLUMN batches.channel IS 'How.';
COMMENT ON COLUMN batches.requested_by IS 'The token that asked, if a program did.';
COMMENT ON COLUMN batches.list_hash IS 'Keyed hash of the list''s addresses: recognises the same list sent again.';
COMMENT ON COLUMN batches.subject IS 'Subject line.';
COMMENT ON COLUMN batches.note IS 'Personal note of the leader: plain text, at most 300 characters.';
COMMENT ON COLUMN batches.template IS 'Version of the message template.';
COMMENT ON COLUMN batches.total IS 'Rows accepted; the counts always sum to it.';
COMMENT ON COLUMN batches.send_at IS 'Not before; NULL: at once.';
COMMENT ON COLUMN batches.not_after IS 'What has not begun by then expires.';
COMMENT ON COLUMN batches.consent_statement IS 'Who consented to texts, how and when, in the leader''s words.';
COMMENT ON COLUMN batches.consent_obtained_at IS 'When the consent was obtained.';
COMMENT ON COLUMN batches.started_at IS 'When a worker first took one of its rows up.';
COMMENT ON COLUMN batches.paused_at IS 'Since when nothing of it begins.';
COMMENT ON COLUMN batches.cancelled_at IS 'When the rest was cancelled.';
COMMENT ON COLUMN batches.finished_at IS 'When the last row left the waiting and sending states; NULL: reconcilers look at it.';
COMMENT ON COLUMN batches.created_at IS 'When the list was accepted.';

-- Begin and finish update this table twice for every message: no index or predicate may name a column that they
-- change, so that both updates stay heap-only. docs/adr/0004-schema.md has the figures.
CREATE TABLE deliveries (
    id               uuid PRIMARY KEY,
    community_id     uuid NOT NULL,
    kind             delivery_kind NOT NULL,
    channel          channel NOT NULL,
    invitation_id    uuid,
    contact_id       uuid NOT NULL REFERENCES contacts,
    batch_id         uuid,
    batch_row        integer CHECK (batch_row > 0),
    newest           boolean NOT NULL DEFAULT true,
    state            delivery_state NOT NULL,
    held_reason      hold_reason,
    due_at           timestamptz,
    tries            smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    repeated         boolean NOT NULL DEFAULT false,
    attempt_number   integer NOT NULL DEFAULT 0 CHECK (attempt_number >= 0),
    attempt_token    bigint,
    attempt_began_at timestamptz,
    attempt_deadline timestamptz,
    reason           attempt_reason,
    changed_at       timestamptz NOT NULL,
    created_at       timestamptz NOT NULL,
    FOREIGN KEY (community_id, batch_id) REFERENCES batches (community_id, id),
    FOREIGN KEY (community_id, invitation_id) REFERENCES invitations (community_id, id),
    CONSTRAINT deliveries_batch_row_is_whole CHECK ((batch_id IS NULL) = (batch_row IS NULL)),
    CONSTRAINT deliveries_invitation_has_a_code CHECK (kind <> 'invitation' OR invitation_id IS NOT NULL),
    CONSTRAINT deliveries_held_says_why CHECK ((state = 'held') = (held_reason IS NOT NULL)),
    CONSTRAINT deliveries_waiting_knows_when CHECK (state NOT IN ('queued', 'retry_wait', 'checking') OR due_at IS NOT NULL),
    CONSTRAINT deliveries_attempt_runs_while_sending CHECK
        ((state = 'sending') = (attempt_deadline IS NOT NULL) AND (attempt_deadline IS NULL) = (attempt_began_at IS NULL))
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX deliveries_one_newest_per_batch_row ON deliveries (batch_id, batch_row) WHERE newest;
CREATE INDEX deliveries_of_invitation ON deliveries (invitation_id);
COMMENT ON TABLE deliveries IS 'One message to one contact on one channel for one invitation.';
COMMENT ON COLUMN deliveries.id IS 'UUIDv7; also the Message-ID, so that a repeat is recognised as one.';
COMMENT ON COLUMN deliveries.community_id IS 'Who sends; part of both foreign keys, so that no delivery crosses communities.';
COMMENT ON COLUMN deliveries.kind IS 'What it says.';
COMMENT ON COLUMN deliveries.channel IS 'How it travels.';
COMMENT ON COLUMN deliveries.invitation_id IS 'Whose code it carries.';
COMMENT ON COLUMN deliveries.contact_id IS 'Where it goes.';
COMMENT ON COLUMN deliveries.batch_id IS 'The act of sending that it belongs to.';
COMMENT ON COLUMN deliveries.batch_row IS 'Position of its entry in the list as it was sent in, from 1.';
COMMENT ON COLUMN deliveries.newest IS 'Whether the batch row points at it; an explicit resend makes a newer one.';
COMMENT ON COLUMN deliveries.state IS 'Where it stands.';
COMMENT ON COLUMN deliveries.held_reason IS 'Why it is held.';
COMMENT ON COLUMN deliveries.due_at IS 'Waiting: not before. Held: when it is let go, if that is known. Checking: when the next way of finding out is due.';
COMMENT ON COLUMN deliveries.tries IS 'Attempts that count against the retry schedule: refused temporarily, or unknown.';
COMMENT ON COLUMN deliveries.repeated IS 'Whether its one repeat after an unknown outcome was used.';
COMMENT ON COLUMN deliveries.attempt_number IS 'Number of the newest attempt, from 1; fences late workers.';
COMMENT ON COLUMN deliveries.attempt_token IS 'Drawn by the worker for the running attempt, so that a begin whose answer was lost is known again as its own.';
COMMENT ON COLUMN deliveries.attempt_began_at IS 'When the running attempt began.';
COMMENT ON COLUMN deliveries.attempt_deadline IS 'When the running attempt is given up as unknown; fixed at begin.';
COMMENT ON COLUMN deliveries.reason IS 'Why the newest ended attempt ended as it did.';
COMMENT ON COLUMN deliveries.changed_at IS 'Since when it stands there.';
COMMENT ON COLUMN deliveries.created_at IS 'When it was accepted.';

-- Judged in the WHEN clause, by the executor itself: a legal update calls no function.
CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'delivery % may not go from % to %', OLD.id, OLD.state, NEW.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'deliveries_legal_transition';
END $$;
COMMENT ON FUNCTION refuse_transition() IS 'Raises deliveries_legal_transition.';
CREATE TRIGGER deliveries_legal_transition BEFORE UPDATE ON deliveries FOR EACH ROW
WHEN (OLD.state <> NEW.state AND NOT CASE OLD.state
    WHEN 'queued' THEN NEW.state IN ('sending', 'held', 'cancelled', 'suppressed', 'expired', 'not_needed', 'failed', 'accepted')
    WHEN 'sending' THEN NEW.state IN ('accepted', 'retry_wait', 'checking', 'failed', 'needs_decision')
    WHEN 'retry_wait' THEN NEW.state IN ('sending', 'held', 'cancelled', 'suppressed', 'expired', 'not_needed', 'failed', 'accepted')
    WHEN 'held' THEN NEW.state IN ('queued', 'cancelled', 'suppressed', 'expired', 'not_needed', 'failed', 'accepted')
    WHEN 'checking' THEN NEW.state IN ('accepted', 'delivered', 'bounced', 'failed', 'retry_wait', 'needs_decision', 'not_needed')
    WHEN 'needs_decision' THEN NEW.state IN ('accepted', 'delivered', 'bounced', 'failed', 'not_needed', 'cancelled')
    WHEN 'accepted' THEN NEW.state IN ('delivered', 'bounced', 'complained')
    WHEN 'delivered' THEN NEW.state IN ('bounced', 'complained')
    ELSE false END)
EXECUTE FUNCTION refuse_transition();
COMMENT ON TRIGGER deliveries_legal_transition ON deliveries IS 'The ways of docs/adr/0004-schema.md and no other; porchlight_shared::domain::DeliveryState::may_become says the same.';

CREATE TABLE attempts (
    delivery_id uuid NOT NULL REFERENCES deliveries,
    number      integer NOT NULL CHECK (number > 0),
    began_at    timestamptz NOT NULL,
    ended_at    timestamptz NOT NULL,
    outcome     attempt_outcome NOT NULL,
    reason      attempt_reason,
    reply       text CHECK (char_length(reply) <= 500),
    provider_id text CHECK (char_length(provider_id) <= 200),
    late        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (delivery_id, number),
    CONSTRAINT attempts_failure_says_why CHECK ((outcome = 'accepted') = (reason IS NULL))
);
COMMENT ON TABLE attempts IS 'Ended tries, written once by finish; a running one stands in its delivery.';
COMMENT ON COLUMN attempts.delivery_id IS 'Of which delivery.';
COMMENT ON COLUMN attempts.number IS 'From 1 within the delivery.';
COMMENT ON COLUMN attempts.began_at IS 'When begin was recorded, before the provider was contacted.';
COMMENT ON COLUMN attempts.ended_at IS 'When the outcome was recorded.';
COMMENT ON COLUMN attempts.outcome IS 'How it ended.';
COMMENT ON COLUMN attempts.reason IS 'Why it ended so; NULL: accepted.';
COMMENT ON COLUMN attempts.reply IS 'What the provider said, addresses replaced, at most 500 characters.';
COMMENT ON COLUMN attempts.provider_id IS 'The provider''s own name for the message.';
COMMENT ON COLUMN attempts.late IS 'Whether the outcome arrived after the deadline had already made it unknown.';

CREATE TABLE tallies (
    batch_id uuid NOT NULL REFERENCES batches,
    state    delivery_state NOT NULL,
    shard    smallint NOT NULL,
    count    bigint NOT NULL,
    PRIMARY KEY (batch_id, state, shard)
) WITH (fillfactor = 50);
COMMENT ON TABLE tallies IS 'How many of a batch''s rows stand in each state, written together with every change of state; sum over the shards.';
COMMENT ON COLUMN tallies.batch_id IS 'Of which batch.';
COMMENT ON COLUMN tallies.state IS 'Of which state.';
COMMENT ON COLUMN tallies.shard IS 'Writers in different lanes use different shards and do not wait for one another.';
COMMENT ON COLUMN tallies.count IS 'May be negative in one shard, never in the sum.';

CREATE TABLE idempotency_keys (
    community_id uuid NOT NULL REFERENCES communities,
    key          text NOT NULL CHECK (key <> '' AND char_length(key) <= 255),
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    status       smallint,
    response     text,
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    PRIMARY KEY (community_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
COMMENT ON TABLE idempotency_keys IS 'Answers given under an Idempotency-Key, kept 24 hours; written in the transaction that they answer for, so a twin waits for it.';
COMMENT ON COLUMN idempotency_keys.community_id IS 'Whose key.';
COMMENT ON COLUMN idempotency_keys.key IS 'As the caller sent it.';
COMMENT ON COLUMN idempotency_keys.request_hash IS 'SHA-256 of method, path and body: another body under the same key is refused.';
COMMENT ON COLUMN idempotency_keys.status IS 'HTTP status of the answer.';
COMMENT ON COLUMN idempotency_keys.response IS 'Body of the answer.';
COMMENT ON COLUMN idempotency_keys.created_at IS 'When it was first used.';
