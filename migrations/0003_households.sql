-- Who is invited: properties, households, contacts, and each household's one right to join.

CREATE TABLE properties (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL REFERENCES communities,
    label        text NOT NULL CHECK (label <> '' AND char_length(label) <= 200),
    label_key    text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    UNIQUE (community_id, label_key),
    UNIQUE (community_id, id)
);
COMMENT ON TABLE properties IS 'Street addresses, lots or units; optional.';
COMMENT ON COLUMN properties.id IS 'UUIDv7.';
COMMENT ON COLUMN properties.community_id IS 'Whose.';
COMMENT ON COLUMN properties.label IS 'As the leader wrote it.';
COMMENT ON COLUMN properties.label_key IS 'The label as it is compared: NFKC, lower case, single spaces.';
COMMENT ON COLUMN properties.created_at IS 'When it was first named.';

CREATE TABLE households (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL REFERENCES communities,
    property_id  uuid,
    name         text CHECK (name <> '' AND char_length(name) <= 200),
    joined_at    timestamptz,
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    UNIQUE (community_id, id),
    FOREIGN KEY (community_id, property_id) REFERENCES properties (community_id, id)
);
CREATE INDEX households_of_property ON households (property_id) WHERE property_id IS NOT NULL;
COMMENT ON TABLE households IS 'The unit that is invited and that joins.';
COMMENT ON COLUMN households.id IS 'UUIDv7.';
COMMENT ON COLUMN households.community_id IS 'Whose.';
COMMENT ON COLUMN households.property_id IS 'Where they live, if the leader said so.';
COMMENT ON COLUMN households.name IS 'What the leader calls them, if anything.';
COMMENT ON COLUMN households.joined_at IS 'When they joined; overrides every delivery''s state on the board.';
COMMENT ON COLUMN households.created_at IS 'When they were first listed.';

CREATE TABLE contacts (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL,
    household_id uuid NOT NULL,
    channel      channel NOT NULL,
    address      text CHECK (char_length(address) <= 254),
    address_hash bytea NOT NULL CHECK (octet_length(address_hash) = 32),
    name         text CHECK (name <> '' AND char_length(name) <= 200),
    erased_at    timestamptz,
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    UNIQUE (community_id, channel, address_hash),
    FOREIGN KEY (community_id, household_id) REFERENCES households (community_id, id),
    CONSTRAINT contacts_erased_has_no_address CHECK ((erased_at IS NULL) = (address IS NOT NULL) AND (erased_at IS NULL OR name IS NULL))
);
CREATE INDEX contacts_of_household ON contacts (household_id);
COMMENT ON TABLE contacts IS 'E-mail addresses and phone numbers of households: one household each in a community.';
COMMENT ON COLUMN contacts.id IS 'UUIDv7.';
COMMENT ON COLUMN contacts.community_id IS 'Whose.';
COMMENT ON COLUMN contacts.household_id IS 'Whom it reaches.';
COMMENT ON COLUMN contacts.channel IS 'What kind of address it is.';
COMMENT ON COLUMN contacts.address IS 'As it is written to: domain in lower-case A-labels, local part as given; E.164 for text. NULL once erased.';
COMMENT ON COLUMN contacts.address_hash IS 'HMAC-SHA-256 of channel and lower-cased address under the key file''s address key: equality without the address.';
COMMENT ON COLUMN contacts.name IS 'How the message greets whoever reads it there, if the leader said so.';
COMMENT ON COLUMN contacts.erased_at IS 'When the address was forgotten on request.';
COMMENT ON COLUMN contacts.created_at IS 'When it was first listed.';

CREATE TABLE invitations (
    id              uuid PRIMARY KEY,
    community_id    uuid NOT NULL,
    household_id    uuid NOT NULL,
    code_lookup     bytea NOT NULL UNIQUE CHECK (octet_length(code_lookup) = 32),
    code_lookup_key smallint NOT NULL,
    code_sealed     bytea,
    code_sealed_key smallint,
    expires_at      timestamptz NOT NULL,
    ended_as        invitation_end,
    ended_at        timestamptz,
    created_at      timestamptz NOT NULL DEFAULT app_now(),
    UNIQUE (community_id, id),
    FOREIGN KEY (community_id, household_id) REFERENCES households (community_id, id),
    CONSTRAINT invitations_end_is_whole CHECK ((ended_as IS NULL) = (ended_at IS NULL)),
    CONSTRAINT invitations_seal_names_its_key CHECK ((code_sealed IS NULL) = (code_sealed_key IS NULL)),
    CONSTRAINT invitations_sealed_while_live CHECK ((code_sealed IS NOT NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX invitations_one_live_per_household ON invitations (household_id) WHERE ended_at IS NULL;
CREATE INDEX invitations_of_household ON invitations (household_id);
COMMENT ON TABLE invitations IS 'Rights to join; at most one live per household. An ended one keeps its look-up for 400 days and has no code any more.';
COMMENT ON COLUMN invitations.id IS 'UUIDv7.';
COMMENT ON COLUMN invitations.community_id IS 'Whose.';
COMMENT ON COLUMN invitations.household_id IS 'Who may join with it.';
COMMENT ON COLUMN invitations.code_lookup IS 'HMAC-SHA-256 of the access code under look-up key code_lookup_key.';
COMMENT ON COLUMN invitations.code_lookup_key IS 'Which look-up key of the key file.';
COMMENT ON COLUMN invitations.code_sealed IS 'Nonce and XChaCha20-Poly1305 of the access code, bound to invitation and community; dropped when the invitation ends.';
COMMENT ON COLUMN invitations.code_sealed_key IS 'Which sealing key of the key file.';
COMMENT ON COLUMN invitations.expires_at IS 'Until when it can be used.';
COMMENT ON COLUMN invitations.ended_as IS 'How it ended; NULL: live until expires_at. A new invitation first ends an expired one.';
COMMENT ON COLUMN invitations.ended_at IS 'When it ended.';
COMMENT ON COLUMN invitations.created_at IS 'When its code was drawn.';

CREATE TABLE suppressions (
    id             uuid PRIMARY KEY,
    community_id   uuid REFERENCES communities,
    channel        channel NOT NULL,
    address_hash   bytea NOT NULL CHECK (octet_length(address_hash) = 32),
    address_masked text NOT NULL CHECK (char_length(address_masked) <= 60),
    reason         suppression_reason NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT app_now(),
    lifted_at      timestamptz
);
CREATE UNIQUE INDEX suppressions_one_in_force ON suppressions (address_hash, community_id) NULLS NOT DISTINCT WHERE lifted_at IS NULL;
COMMENT ON TABLE suppressions IS 'Addresses that must not be written to; never the address itself.';
COMMENT ON COLUMN suppressions.id IS 'UUIDv7.';
COMMENT ON COLUMN suppressions.community_id IS 'Who must not write; NULL: nobody of this installation.';
COMMENT ON COLUMN suppressions.channel IS 'What kind of address it is.';
COMMENT ON COLUMN suppressions.address_hash IS 'As in contacts.';
COMMENT ON COLUMN suppressions.address_masked IS 'For a leader''s eye: j•••@e•••.org.';
COMMENT ON COLUMN suppressions.reason IS 'Why.';
COMMENT ON COLUMN suppressions.created_at IS 'Since when.';
COMMENT ON COLUMN suppressions.lifted_at IS 'When it ended, if it did.';
