-- Who joined: members of households.

CREATE TYPE member_role AS ENUM ('head', 'member');
COMMENT ON TYPE member_role IS 'head: Head of Household, invites and removes the others.';

CREATE TABLE members (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    household_id uuid NOT NULL,
    role         member_role NOT NULL,
    name         text NOT NULL CHECK (name <> '' AND char_length(name) <= 200),
    channel      channel NOT NULL,
    address      text NOT NULL CHECK (address <> '' AND char_length(address) <= 254),
    address_hash bytea NOT NULL CHECK (octet_length(address_hash) = 32),
    verified_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    FOREIGN KEY (community_id, household_id) REFERENCES households (community_id, id)
);
CREATE INDEX members_of_household ON members (household_id);
CREATE UNIQUE INDEX members_one_head_per_household ON members (household_id) WHERE role = 'head';
COMMENT ON TABLE members IS 'People who joined with an access code, and whom they invited.';
COMMENT ON COLUMN members.id IS 'UUIDv7.';
COMMENT ON COLUMN members.community_id IS 'Whose.';
COMMENT ON COLUMN members.household_id IS 'Where they belong.';
COMMENT ON COLUMN members.role IS 'What they may do; at most one head per household.';
COMMENT ON COLUMN members.name IS 'As they wrote it.';
COMMENT ON COLUMN members.channel IS 'What kind of address they gave.';
COMMENT ON COLUMN members.address IS 'As in contacts.';
COMMENT ON COLUMN members.address_hash IS 'As in contacts.';
COMMENT ON COLUMN members.verified_at IS 'When the address was shown to be theirs: at once for one that a message with the code reached; else NULL until they confirm it.';
COMMENT ON COLUMN members.created_at IS 'When they joined.';
