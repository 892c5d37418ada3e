-- Who acts: leaders by name, beside programs; and what each of them did.

ALTER TABLE sign_in_links ADD COLUMN leader_id uuid REFERENCES leaders;
COMMENT ON COLUMN sign_in_links.leader_id IS 'Whom it signs in; NULL: whoever the operator gave it to.';
ALTER TABLE sessions ADD COLUMN leader_id uuid REFERENCES leaders;
COMMENT ON COLUMN sessions.leader_id IS 'Who is signed in; NULL: whoever the operator gave a link to.';

ALTER TABLE batches ADD COLUMN requested_by_leader uuid REFERENCES leaders;
COMMENT ON COLUMN batches.requested_by_leader IS 'The leader who sent it; NULL: a program, or whoever the operator gave a link to.';
ALTER TABLE drafts ADD COLUMN created_by_leader uuid REFERENCES leaders;
COMMENT ON COLUMN drafts.created_by_leader IS 'The leader who saved it; NULL as in batches.';
ALTER TABLE printings ADD COLUMN requested_by_leader uuid REFERENCES leaders;
COMMENT ON COLUMN printings.requested_by_leader IS 'The leader who printed; NULL as in batches.';

CREATE TYPE audit_act AS ENUM (
    'signed_in', 'signed_out_everywhere', 'leader_added', 'leader_removed', 'leader_role_changed',
    'settings_changed', 'test_sent',
    'list_sent', 'homes_imported', 'draft_dropped', 'batch_paused', 'batch_resumed', 'batch_cancelled', 'problems_retried',
    'message_sent_again', 'message_left', 'invitation_resent', 'invitation_extended', 'invitation_replaced', 'invitation_revoked',
    'address_fixed', 'channel_switched', 'suppression_added', 'suppression_lifted', 'households_merged',
    'request_granted', 'request_declined', 'passes_printed', 'passes_handed_over', 'passes_voided',
    'report_exported', 'code_shown', 'keys_rotated', 'token_created', 'token_revoked');
COMMENT ON TYPE audit_act IS 'What was done.';

CREATE TABLE audit_log (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    community_id uuid REFERENCES communities,
    at           timestamptz NOT NULL DEFAULT app_now(),
    leader_id    uuid REFERENCES leaders,
    token_id     uuid REFERENCES tokens,
    act          audit_act NOT NULL,
    subject      uuid,
    count        bigint CHECK (count >= 0),
    CONSTRAINT audit_log_one_actor CHECK (num_nonnulls(leader_id, token_id) <= 1)
);
CREATE INDEX audit_log_of_community ON audit_log (community_id, id);
COMMENT ON TABLE audit_log IS 'What was done, by whom: ids only, written together with the act, never changed.';
COMMENT ON COLUMN audit_log.id IS 'In the order of writing.';
COMMENT ON COLUMN audit_log.community_id IS 'For which community; NULL: the whole installation.';
COMMENT ON COLUMN audit_log.at IS 'When.';
COMMENT ON COLUMN audit_log.leader_id IS 'The leader who did it; NULL with token_id: the operator, or whoever the operator gave a link to.';
COMMENT ON COLUMN audit_log.token_id IS 'The token of the program that did it.';
COMMENT ON COLUMN audit_log.act IS 'What.';
COMMENT ON COLUMN audit_log.subject IS 'To what: a batch, invitation, delivery, household, printing, draft, leader, or whatever the act is about.';
COMMENT ON COLUMN audit_log.count IS 'To how many, where that says something.';

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER audit_log_only_grows BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER audit_log_is_never_emptied BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
