-- Invitations on paper: what was printed, for whom, and what became of it.

CREATE TYPE pass_layout AS ENUM
    ('cards_letter', 'cards_a4', 'labels_letter', 'window_letter',
     'door_hanger_letter', 'door_hanger_a4', 'fold_over_letter', 'fold_over_a4');
COMMENT ON TYPE pass_layout IS 'How passes lie on paper.';

ALTER TABLE communities ADD COLUMN last_pass integer NOT NULL DEFAULT 0 CHECK (last_pass >= 0);
COMMENT ON COLUMN communities.last_pass IS 'The newest serial of a pass; the next is one more.';

-- What every pass of it says stands here, so that printing it again gives the same sheets, names of households aside.
CREATE TABLE printings (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL REFERENCES communities,
    layout       pass_layout NOT NULL,
    start        smallint NOT NULL CHECK (start > 0),
    name         text NOT NULL CHECK (name <> '' AND char_length(name) <= 120),
    contact      text CHECK (char_length(contact) <= 200),
    colour       text CHECK (colour ~ '^#[0-9a-f]{6}$'),
    site         text NOT NULL CHECK (site <> ''),
    valid_until  timestamptz NOT NULL,
    total        integer NOT NULL CHECK (total BETWEEN 1 AND 2000),
    requested_by uuid REFERENCES tokens,
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    UNIQUE (community_id, id)
);
CREATE INDEX printings_of_community ON printings (community_id, id);
COMMENT ON TABLE printings IS 'Acts of printing access passes; the PDF is made anew whenever it is asked for, and never stored.';
COMMENT ON COLUMN printings.id IS 'UUIDv7.';
COMMENT ON COLUMN printings.community_id IS 'Whose passes.';
COMMENT ON COLUMN printings.layout IS 'How they lie on paper.';
COMMENT ON COLUMN printings.start IS 'The first free position of the first sheet, from 1 in reading order.';
COMMENT ON COLUMN printings.name IS 'The community''s name as it is printed.';
COMMENT ON COLUMN printings.contact IS 'Whom residents ask, as it is printed.';
COMMENT ON COLUMN printings.colour IS 'The community''s colour as it is printed.';
COMMENT ON COLUMN printings.site IS 'Where links lead, and where codes are typed: the installation''s public URL at that time.';
COMMENT ON COLUMN printings.valid_until IS 'Until when every pass of it can be used at least, as it is printed.';
COMMENT ON COLUMN printings.total IS 'How many passes.';
COMMENT ON COLUMN printings.requested_by IS 'Whose program asked; NULL: a leader on the board.';
COMMENT ON COLUMN printings.created_at IS 'When.';

CREATE TABLE passes (
    printing_id    uuid NOT NULL,
    position       integer NOT NULL CHECK (position > 0),
    community_id   uuid NOT NULL,
    serial         integer NOT NULL CHECK (serial > 0),
    invitation_id  uuid NOT NULL,
    handed_over_at timestamptz,
    PRIMARY KEY (printing_id, position),
    UNIQUE (community_id, serial),
    FOREIGN KEY (community_id, printing_id) REFERENCES printings (community_id, id),
    FOREIGN KEY (community_id, invitation_id) REFERENCES invitations (community_id, id)
);
CREATE INDEX passes_of_invitation ON passes (invitation_id);
COMMENT ON TABLE passes IS 'Invitations'' codes on paper. What became of a pass is read from its invitation.';
COMMENT ON COLUMN passes.printing_id IS 'Printed with which others.';
COMMENT ON COLUMN passes.position IS 'Its place among them, from 1.';
COMMENT ON COLUMN passes.community_id IS 'Whose; part of both foreign keys, so that no pass crosses communities.';
COMMENT ON COLUMN passes.serial IS 'Its number in the community, which is no secret.';
COMMENT ON COLUMN passes.invitation_id IS 'Whose code it carries.';
COMMENT ON COLUMN passes.handed_over_at IS 'When a leader said that it was handed over.';
