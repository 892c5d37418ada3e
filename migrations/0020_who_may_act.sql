-- The operator's links stand in the log; and who may act is told to those whom it concerns.

ALTER TYPE audit_act ADD VALUE 'link_created' BEFORE 'token_created';

ALTER TYPE letter_kind ADD VALUE 'removed';
ALTER TYPE letter_kind ADD VALUE 'made_owner';
ALTER TYPE letter_kind ADD VALUE 'made_leader';
ALTER TYPE letter_kind ADD VALUE 'owner_added';
ALTER TYPE letter_kind ADD VALUE 'owner_removed';
COMMENT ON TYPE letter_kind IS 'What a letter says: a link for a leader, a link for a resident, you are a leader now, households of a batch need you, what an invitation looks like, you are a leader no more, you are an owner now, you are a leader and no owner now, somebody else is an owner now, somebody else is no owner any more.';

ALTER TABLE letters
    ADD COLUMN about_leader_id uuid REFERENCES leaders,
    -- In words: a value that was only just added cannot be compared with in the same transaction.
    ADD CONSTRAINT letters_about_an_owner CHECK ((kind::text IN ('owner_added', 'owner_removed')) = (about_leader_id IS NOT NULL));
COMMENT ON COLUMN letters.about_leader_id IS 'The leader whom it is about, where that is not whom it is for.';
