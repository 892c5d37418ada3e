-- The closed sets of the ledger, word for word the enums of `porchlight_shared::domain`, and the one clock that
-- decides between processes. A new value ships one release before its first use, so that an old process can read it.

CREATE TYPE channel AS ENUM ('email', 'text');
COMMENT ON TYPE channel IS 'How a delivery travels; each channel has its own queue, pace and retry schedule.';

CREATE TYPE delivery_kind AS ENUM
    ('invitation', 'sign_in_link', 'member_invite', 'one_time_code', 'opt_out_confirmation', 'leader_notice');
COMMENT ON TYPE delivery_kind IS 'What a delivery says.';

CREATE TYPE delivery_state AS ENUM
    ('held', 'queued', 'sending', 'retry_wait', 'checking', 'needs_decision',
     'accepted', 'delivered', 'bounced', 'complained', 'failed',
     'cancelled', 'suppressed', 'expired', 'not_needed');
COMMENT ON TYPE delivery_state IS 'Where a delivery stands; docs/adr/0004-schema.md draws the legal ways between them.';

CREATE TYPE hold_reason AS ENUM ('window', 'scheduled', 'paused', 'community_limit', 'channel_closed', 'approval');
COMMENT ON TYPE hold_reason IS 'Why a delivery that could go does not go yet.';

CREATE TYPE attempt_outcome AS ENUM
    ('accepted', 'refused_permanent', 'refused_temporary', 'refused_configuration', 'not_sent', 'unknown');
COMMENT ON TYPE attempt_outcome IS 'How one try at a delivery ended.';

CREATE TYPE attempt_reason AS ENUM
    ('connect_failed', 'tls_failed', 'handshake_failed', 'auth_failed', 'connection_lost',
     'body_not_written', 'no_time_left', 'shutting_down', 'protocol_violation', 'greeting_refused',
     'throttled', 'quota_used_up', 'auth_refused', 'sender_refused', 'mailbox_unknown',
     'domain_unknown', 'address_invalid', 'mailbox_disabled', 'mailbox_full', 'recipient_refused',
     'blocked_by_policy', 'greylisted', 'temporarily_refused', 'message_refused', 'too_large',
     'timeout_after_body', 'closed_after_body', 'unreadable_after_body', 'worker_lost',
     'worker_stopped', 'internal');
COMMENT ON TYPE attempt_reason IS 'Why an attempt ended as it did: the stable code behind the words that a leader reads.';

CREATE TYPE invitation_end AS ENUM ('joined', 'revoked', 'replaced', 'expired');
COMMENT ON TYPE invitation_end IS 'How an invitation stopped being live.';

CREATE TYPE token_role AS ENUM ('owner', 'leader', 'service');
COMMENT ON TYPE token_role IS 'What a bearer or a leader may do: owner settings and leaders too, leader everything else, service send and read.';

CREATE TYPE suppression_reason AS ENUM ('unsubscribed', 'opted_out', 'complained', 'hard_bounced', 'not_me', 'leader');
COMMENT ON TYPE suppression_reason IS 'Why an address must not be written to.';

-- One row. Tests move it; nothing else may.
CREATE TABLE app_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    ahead    interval NOT NULL DEFAULT '0'
);
INSERT INTO app_clock DEFAULT VALUES;
COMMENT ON TABLE app_clock IS 'How far app_now() runs ahead of the server''s clock: zero but in tests.';
COMMENT ON COLUMN app_clock.only_row IS 'Makes a second row impossible.';
COMMENT ON COLUMN app_clock.ahead IS 'Added to now().';

-- Not inlinable, so a statement over many rows reads it once, in a materialized CTE.
CREATE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql STABLE
    RETURN now() + (SELECT ahead FROM app_clock);
COMMENT ON FUNCTION app_now() IS 'The only clock that decides between processes.';
