-- Who sends: communities, their leaders, and the tokens of their programs.

CREATE TABLE communities (
    id             uuid PRIMARY KEY,
    name           text NOT NULL CHECK (name <> '' AND char_length(name) <= 120 AND name !~ '[\x01-\x1f\x7f]'),
    short_name     text NOT NULL CHECK (short_name <> '' AND char_length(short_name) <= 20),
    country        text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    time_zone      text NOT NULL CHECK (time_zone <> ''),
    text_window    text,
    postal_address text CHECK (char_length(postal_address) <= 300),
    contact        text CHECK (char_length(contact) <= 200),
    colour         text CHECK (colour ~ '^#[0-9a-f]{6}$'),
    ready_at       timestamptz,
    created_at     timestamptz NOT NULL DEFAULT app_now()
);
COMMENT ON TABLE communities IS 'Tenants: everything below belongs to exactly one.';
COMMENT ON COLUMN communities.id IS 'UUIDv7.';
COMMENT ON COLUMN communities.name IS 'Full name as residents read it: at most 120 characters, on one line.';
COMMENT ON COLUMN communities.short_name IS 'Name in text messages: at most 20 characters.';
COMMENT ON COLUMN communities.country IS 'ISO 3166-1 alpha-2: how phone numbers without a country code are read.';
COMMENT ON COLUMN communities.time_zone IS 'IANA name: when windows open and close.';
COMMENT ON COLUMN communities.text_window IS 'When texts may go out, in the syntax of PORCHLIGHT_TEXT_WINDOW; NULL: the installation''s.';
COMMENT ON COLUMN communities.postal_address IS 'Foot of every message; NULL: left out.';
COMMENT ON COLUMN communities.contact IS 'Whom residents may ask: an e-mail address or a phone number; an e-mail address is also Reply-To.';
COMMENT ON COLUMN communities.colour IS 'Brand colour, #rrggbb.';
COMMENT ON COLUMN communities.ready_at IS 'Since when the community may send; NULL: its checklist is not green.';
COMMENT ON COLUMN communities.created_at IS 'When it was made.';

CREATE TABLE leaders (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL REFERENCES communities,
    email        text NOT NULL CHECK (email = lower(email) AND char_length(email) <= 254),
    name         text CHECK (char_length(name) <= 120),
    role         token_role NOT NULL CHECK (role <> 'service'),
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    removed_at   timestamptz
);
CREATE UNIQUE INDEX leaders_one_per_address ON leaders (community_id, email) WHERE removed_at IS NULL;
COMMENT ON TABLE leaders IS 'People who may act for a community.';
COMMENT ON COLUMN leaders.id IS 'UUIDv7.';
COMMENT ON COLUMN leaders.community_id IS 'For whom they act.';
COMMENT ON COLUMN leaders.email IS 'Where sign-in links go; lower case.';
COMMENT ON COLUMN leaders.name IS 'How other leaders see them.';
COMMENT ON COLUMN leaders.role IS 'owner also manages leaders and settings.';
COMMENT ON COLUMN leaders.created_at IS 'When they were added.';
COMMENT ON COLUMN leaders.removed_at IS 'When the right was taken away; the row stays for the audit log.';

CREATE TABLE tokens (
    id           uuid PRIMARY KEY,
    community_id uuid NOT NULL REFERENCES communities,
    role         token_role NOT NULL,
    sha256       bytea NOT NULL UNIQUE CHECK (octet_length(sha256) = 32),
    created_at   timestamptz NOT NULL DEFAULT app_now(),
    revoked_at   timestamptz
);
COMMENT ON TABLE tokens IS 'Bearer tokens of the HTTP API: 256 random bits, of which only the hash is kept.';
COMMENT ON COLUMN tokens.id IS 'UUIDv7; names the token in logs.';
COMMENT ON COLUMN tokens.community_id IS 'The one community it opens.';
COMMENT ON COLUMN tokens.role IS 'What it may do.';
COMMENT ON COLUMN tokens.sha256 IS 'SHA-256 of the token as it was printed; 256 random bits need no salt.';
COMMENT ON COLUMN tokens.created_at IS 'When it was made.';
COMMENT ON COLUMN tokens.revoked_at IS 'Since when it opens nothing.';
