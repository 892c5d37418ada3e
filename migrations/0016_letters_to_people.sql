-- Messages to people by name: a link to sign in, a word to a leader, a sample. They travel as deliveries, on all that was
-- proven for those; where an invitation's delivery points at a contact, theirs points at a letter.

CREATE TYPE letter_kind AS ENUM ('sign_in', 'resident_sign_in', 'added', 'batch_done', 'sample');
COMMENT ON TYPE letter_kind IS 'What a letter says: a link for a leader, a link for a resident, you are a leader now, households of a batch need you, what an invitation looks like.';

CREATE TABLE letters (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL REFERENCES communities,
    kind         letter_kind NOT NULL,
    leader_id    uuid REFERENCES leaders,
    member_id    uuid REFERENCES members ON DELETE SET NULL,
    batch_id     uuid,
    count        integer CHECK (count > 0),
    expires_at   timestamptz,
    used_at      timestamptz,
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    UNIQUE (community_id, id),
    FOREIGN KEY (community_id, batch_id) REFERENCES batches (community_id, id),
    -- A member who leaves is nobody's addressee any more.
    CONSTRAINT letters_to_one CHECK (CASE kind WHEN 'resident_sign_in' THEN leader_id IS NULL ELSE leader_id IS NOT NULL AND member_id IS NULL END),
    CONSTRAINT letters_links_end CHECK ((kind IN ('sign_in', 'resident_sign_in')) = (expires_at IS NOT NULL) AND (used_at IS NULL OR expires_at IS NOT NULL)),
    CONSTRAINT letters_about_a_batch CHECK ((kind = 'batch_done') = (batch_id IS NOT NULL) AND (batch_id IS NULL) = (count IS NULL))
);
CREATE UNIQUE INDEX letters_once_per_batch ON letters (batch_id, leader_id) WHERE batch_id IS NOT NULL;
CREATE INDEX letters_open_to_leader ON letters (leader_id) WHERE expires_at IS NOT NULL AND used_at IS NULL;
CREATE INDEX letters_to_member ON letters (member_id) WHERE member_id IS NOT NULL;
COMMENT ON TABLE letters IS 'Messages to leaders and members by name. The address is looked up when one goes; a link''s secret is worked out with the key file and stands nowhere.';
COMMENT ON COLUMN letters.id IS 'UUIDv7; with our signature of it, the link.';
COMMENT ON COLUMN letters.community_id IS 'On whose behalf.';
COMMENT ON COLUMN letters.kind IS 'What it says.';
COMMENT ON COLUMN letters.leader_id IS 'The leader whom it is for.';
COMMENT ON COLUMN letters.member_id IS 'The member whom it is for; NULL also once they have left.';
COMMENT ON COLUMN letters.batch_id IS 'The batch that it is about.';
COMMENT ON COLUMN letters.count IS 'How many households of the batch need somebody.';
COMMENT ON COLUMN letters.expires_at IS 'Until when its link signs in, and until when it is worth sending; NULL: it has no such link.';
COMMENT ON COLUMN letters.used_at IS 'When its link was used, or taken back; NULL: not yet.';
COMMENT ON COLUMN letters.created_at IS 'When it was asked for.';

ALTER TABLE deliveries
    ADD COLUMN letter_id uuid UNIQUE,
    ALTER COLUMN contact_id DROP NOT NULL,
    ADD FOREIGN KEY (community_id, letter_id) REFERENCES letters (community_id, id),
    ADD CONSTRAINT deliveries_reach_somebody CHECK (num_nonnulls(contact_id, letter_id) = 1),
    ADD CONSTRAINT deliveries_letters_are_no_invitations CHECK
        ((letter_id IS NOT NULL) = (kind IN ('sign_in_link', 'leader_notice')) AND (letter_id IS NULL OR invitation_id IS NULL));
COMMENT ON TABLE deliveries IS 'One message on one channel: an invitation to a contact, or a letter to somebody by name.';
COMMENT ON COLUMN deliveries.letter_id IS 'The letter that it carries; NULL: an invitation.';
COMMENT ON COLUMN deliveries.contact_id IS 'Where it goes; NULL: to whom its letter says.';

ALTER TABLE leaders ADD COLUMN signed_in_at timestamptz;
COMMENT ON COLUMN leaders.signed_in_at IS 'When they last signed in; NULL: never.';
CREATE INDEX leaders_by_address ON leaders (email) WHERE removed_at IS NULL;
CREATE INDEX members_by_address ON members (address_hash);
CREATE INDEX sessions_of_leader ON sessions (leader_id) WHERE leader_id IS NOT NULL;
CREATE INDEX resident_sessions_of_account ON resident_sessions (account_id);

-- What ended before this release is nobody's news.
ALTER TABLE batches ADD COLUMN told_at timestamptz;
UPDATE batches SET told_at = finished_at WHERE finished_at IS NOT NULL;
CREATE INDEX batches_untold ON batches (id) WHERE finished_at IS NOT NULL AND told_at IS NULL AND purpose = 'list';
COMMENT ON COLUMN batches.told_at IS 'When leaders were told of its problems, or it was found that it has none; NULL: it is not finished, or they are about to be.';
