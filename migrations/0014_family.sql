-- The family: blank passes, members and whom they invite, and what residents ask their leaders for.

CREATE TYPE invitation_kind AS ENUM ('household', 'blank', 'member');
COMMENT ON TYPE invitation_kind IS 'Whom a code lets in: a household, whichever household holds it, or one more member of a household.';

DROP INDEX invitations_one_live_per_household;
ALTER TABLE invitations
    ADD COLUMN kind invitation_kind NOT NULL DEFAULT 'household',
    ADD COLUMN intended_for text CHECK (intended_for <> '' AND char_length(intended_for) <= 200),
    ALTER COLUMN household_id DROP NOT NULL,
    ADD CONSTRAINT invitations_household_is_known CHECK (household_id IS NOT NULL OR kind = 'blank'),
    -- That it goes with the code's end is for the statements that end codes: programs of the last release do not know of it.
    ADD CONSTRAINT invitations_intended_for_members CHECK (intended_for IS NULL OR kind = 'member');
CREATE UNIQUE INDEX invitations_one_live_per_household ON invitations (household_id) WHERE ended_at IS NULL AND kind = 'household';
COMMENT ON COLUMN invitations.kind IS 'Whom it lets in.';
COMMENT ON COLUMN invitations.household_id IS 'Who may join with it; NULL: a blank pass that nobody has used.';
COMMENT ON COLUMN invitations.intended_for IS 'Whom the Head of Household means to invite with it, in their words; forgotten when it ends.';

-- Whom a head has a code sent to is no contact of a leader's list: a list that names the same address takes it over.
ALTER TABLE contacts ADD COLUMN of_member boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN contacts.of_member IS 'Whether it is known from a head''s invite alone; the next list that names the address takes it over.';

-- What residents ask for goes the way of lists, one row at a time, in one batch of each channel that no leader sees.
CREATE TYPE batch_purpose AS ENUM ('list', 'asked');
COMMENT ON TYPE batch_purpose IS 'What a batch is: a list of a leader''s, or all that residents asked for themselves.';
ALTER TABLE batches ADD COLUMN purpose batch_purpose NOT NULL DEFAULT 'list';
COMMENT ON COLUMN batches.purpose IS 'A list, or what residents asked for.';
CREATE UNIQUE INDEX batches_one_asked ON batches (community_id, channel) WHERE purpose = 'asked';

ALTER TABLE communities ADD COLUMN portal_url text CHECK (portal_url ~ '^https?://[^[:space:]"<>]+$' AND char_length(portal_url) <= 300);
COMMENT ON COLUMN communities.portal_url IS 'Where residents go once they have joined; NULL: nowhere else.';

-- Who joined is known again in the same browser, and joins a second community as the same person.
CREATE TABLE accounts (
    id         uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT app_now()
);
COMMENT ON TABLE accounts IS 'People, across communities; what is known of them stands in their memberships.';
COMMENT ON COLUMN accounts.id IS 'UUIDv7.';
COMMENT ON COLUMN accounts.created_at IS 'When they first joined, or asked to.';

ALTER TABLE members ADD COLUMN account_id uuid REFERENCES accounts;
COMMENT ON COLUMN members.account_id IS 'Whose membership it is; NULL: they joined before there were accounts.';
CREATE UNIQUE INDEX members_once_per_account ON members (household_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX members_of_account ON members (account_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX members_once_per_address ON members (household_id, channel, address_hash);

CREATE TABLE resident_sessions (
    sha256     bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    account_id uuid NOT NULL REFERENCES accounts,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT app_now()
);
COMMENT ON TABLE resident_sessions IS 'Browsers in which somebody joined. Signing out drops the row.';
COMMENT ON COLUMN resident_sessions.sha256 IS 'SHA-256 of the cookie''s 256 random bits in text.';
COMMENT ON COLUMN resident_sessions.account_id IS 'Who joined there.';
COMMENT ON COLUMN resident_sessions.expires_at IS 'Until when it holds.';
COMMENT ON COLUMN resident_sessions.created_at IS 'When they joined, or came with another code.';

CREATE TYPE request_kind AS ENUM ('join', 'new_code', 'not_me');
COMMENT ON TYPE request_kind IS 'What a resident asks for: to be let in with a blank pass, a new code for one that ended, or not to be meant.';
CREATE TYPE request_end AS ENUM ('granted', 'declined');
COMMENT ON TYPE request_end IS 'What a leader made of it.';

CREATE TABLE requests (
    id            uuid PRIMARY KEY,
    community_id  uuid NOT NULL,
    kind          request_kind NOT NULL,
    invitation_id uuid NOT NULL,
    account_id    uuid REFERENCES accounts,
    name          text CHECK (name <> '' AND char_length(name) <= 200),
    channel       channel,
    address       text CHECK (address <> '' AND char_length(address) <= 254),
    address_hash  bytea CHECK (octet_length(address_hash) = 32),
    place         text CHECK (place <> '' AND char_length(place) <= 200),
    ended_as      request_end,
    ended_at      timestamptz,
    created_at    timestamptz NOT NULL DEFAULT app_now(),
    FOREIGN KEY (community_id, invitation_id) REFERENCES invitations (community_id, id),
    CONSTRAINT requests_end_is_whole CHECK ((ended_as IS NULL) = (ended_at IS NULL)),
    CONSTRAINT requests_say_who_while_open CHECK
        ((name IS NOT NULL) = (kind = 'join' AND ended_at IS NULL)
         AND (name IS NULL) = (channel IS NULL) AND (name IS NULL) = (address IS NULL)
         AND (name IS NULL) = (address_hash IS NULL) AND (name IS NULL) = (place IS NULL))
);
CREATE UNIQUE INDEX requests_one_open ON requests (invitation_id, kind) WHERE ended_at IS NULL;
CREATE INDEX requests_open ON requests (community_id, id) WHERE ended_at IS NULL;
COMMENT ON TABLE requests IS 'What residents ask their leaders for; each thing once per code until a leader has answered.';
COMMENT ON COLUMN requests.id IS 'UUIDv7.';
COMMENT ON COLUMN requests.community_id IS 'Whose leaders.';
COMMENT ON COLUMN requests.kind IS 'What for.';
COMMENT ON COLUMN requests.invitation_id IS 'With which code they came.';
COMMENT ON COLUMN requests.account_id IS 'Who wants to join; NULL: nobody does with this.';
COMMENT ON COLUMN requests.name IS 'Their name as they wrote it; like the next four forgotten once a leader has answered.';
COMMENT ON COLUMN requests.channel IS 'What kind of address they gave.';
COMMENT ON COLUMN requests.address IS 'As in contacts.';
COMMENT ON COLUMN requests.address_hash IS 'As in contacts.';
COMMENT ON COLUMN requests.place IS 'Where they say that they live.';
COMMENT ON COLUMN requests.ended_as IS 'What a leader answered; NULL: it is open.';
COMMENT ON COLUMN requests.ended_at IS 'When.';
COMMENT ON COLUMN requests.created_at IS 'When they asked.';
