-- Lists before they are sent: drafts of entries that a leader still has to look at, and the mark of an imported list of
-- properties.

ALTER TABLE communities ADD COLUMN property_list_at timestamptz;
COMMENT ON COLUMN communities.property_list_at IS 'Since when there is an imported list of properties, so that a unit which is not in it calls for mending; NULL: units are taken as they come.';

CREATE TABLE drafts (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL REFERENCES communities,
    channel      channel NOT NULL,
    batch_id     uuid,
    created_by   uuid REFERENCES tokens,
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    changed_at   timestamptz NOT NULL DEFAULT app_now(),
    expires_at   timestamptz NOT NULL DEFAULT app_now() + interval '30 days',
    UNIQUE (community_id, id),
    FOREIGN KEY (community_id, batch_id) REFERENCES batches (community_id, id)
);
CREATE INDEX drafts_by_end ON drafts (expires_at);
COMMENT ON TABLE drafts IS 'Lists that were not sent, or what was left of one that was: kept 30 days after the last change.';
COMMENT ON COLUMN drafts.id IS 'UUIDv7.';
COMMENT ON COLUMN drafts.community_id IS 'Whose.';
COMMENT ON COLUMN drafts.channel IS 'How the list is to be sent.';
COMMENT ON COLUMN drafts.batch_id IS 'The batch that took the good entries, if there is one.';
COMMENT ON COLUMN drafts.created_by IS 'The token that sent the list in, if a program did.';
COMMENT ON COLUMN drafts.created_at IS 'When it was saved.';
COMMENT ON COLUMN drafts.changed_at IS 'When it was last mended.';
COMMENT ON COLUMN drafts.expires_at IS 'When it is dropped.';

CREATE TABLE draft_entries (
    draft_id  uuid NOT NULL REFERENCES drafts ON DELETE CASCADE,
    position  integer NOT NULL CHECK (position > 0),
    line      integer NOT NULL CHECK (line > 0),
    by_line   boolean NOT NULL,
    email     text CHECK (char_length(email) <= 1000),
    phone     text CHECK (char_length(phone) <= 1000),
    name      text CHECK (char_length(name) <= 1000),
    unit      text CHECK (char_length(unit) <= 1000),
    household text CHECK (char_length(household) <= 1000),
    accept    boolean NOT NULL DEFAULT false,
    incomplete boolean NOT NULL DEFAULT false,
    PRIMARY KEY (draft_id, position)
);
COMMENT ON TABLE draft_entries IS 'Entries of drafts as they were written, to be judged anew whenever they are looked at.';
COMMENT ON COLUMN draft_entries.draft_id IS 'Of which draft.';
COMMENT ON COLUMN draft_entries.position IS 'Which entry of the list as it was sent in, from 1.';
COMMENT ON COLUMN draft_entries.line IS 'Line of the text, from 1; of a list that came as rows, the position.';
COMMENT ON COLUMN draft_entries.by_line IS 'Whether the list came as text.';
COMMENT ON COLUMN draft_entries.email IS 'E-mail address, as it was written.';
COMMENT ON COLUMN draft_entries.phone IS 'Phone number, as it was written.';
COMMENT ON COLUMN draft_entries.name IS 'How the message greets the reader, as it was written.';
COMMENT ON COLUMN draft_entries.unit IS 'Where they live, as it was written.';
COMMENT ON COLUMN draft_entries.household IS 'What the household is called, as it was written.';
COMMENT ON COLUMN draft_entries.incomplete IS 'Whether a part of what was written could not be kept, so that it has to be written anew.';
COMMENT ON COLUMN draft_entries.accept IS 'Whether the leader, after a second look, wants it sent.';
