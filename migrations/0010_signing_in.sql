-- Leaders sign in with a link, and watch.

CREATE TABLE sign_in_links (
    sha256       bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    community_id uuid NOT NULL REFERENCES communities,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz,
    created_at   timestamptz NOT NULL DEFAULT app_now()
);
COMMENT ON TABLE sign_in_links IS 'Links that sign a leader in, once each. Only their hashes are kept.';
COMMENT ON COLUMN sign_in_links.sha256 IS 'SHA-256 of the link''s 256 random bits in text.';
COMMENT ON COLUMN sign_in_links.community_id IS 'The community that it opens.';
COMMENT ON COLUMN sign_in_links.expires_at IS 'Until when it can be used.';
COMMENT ON COLUMN sign_in_links.used_at IS 'When it was used; NULL: not yet.';
COMMENT ON COLUMN sign_in_links.created_at IS 'When it was made.';

CREATE TABLE sessions (
    sha256       bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    community_id uuid NOT NULL REFERENCES communities,
    expires_at   timestamptz NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT app_now()
);
COMMENT ON TABLE sessions IS 'Browsers in which a leader is signed in. Signing out drops the row.';
COMMENT ON COLUMN sessions.sha256 IS 'SHA-256 of the cookie''s 256 random bits in text.';
COMMENT ON COLUMN sessions.community_id IS 'The community that it shows.';
COMMENT ON COLUMN sessions.expires_at IS 'Until when it holds.';
COMMENT ON COLUMN sessions.created_at IS 'When the leader signed in.';

CREATE INDEX households_joined ON households (community_id, joined_at) WHERE joined_at IS NOT NULL;
