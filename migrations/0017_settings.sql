-- Getting ready: what a community has chosen of itself, and its sign.

CREATE TABLE logos (
    sha256     bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    png        bytea NOT NULL CHECK (octet_length(png) <= 4194304),
    shown      bytea NOT NULL CHECK (octet_length(shown) <= 131072),
    created_at timestamptz NOT NULL DEFAULT app_now()
);
COMMENT ON TABLE logos IS 'Signs of communities, by what they are: the same picture stands here once. What was printed with one keeps it, so none is deleted.';
COMMENT ON COLUMN logos.sha256 IS 'SHA-256 of png; its hexadecimal form is the address of the picture.';
COMMENT ON COLUMN logos.png IS 'As it is printed: pixels alone, written anew by us, at most 600 to a side.';
COMMENT ON COLUMN logos.shown IS 'As pages show it: at most 192 pixels wide and 96 high.';
COMMENT ON COLUMN logos.created_at IS 'When it was first stored.';

ALTER TABLE communities
    ADD COLUMN logo bytea REFERENCES logos,
    ADD COLUMN no_logo boolean NOT NULL DEFAULT false,
    ADD COLUMN short_name_open boolean NOT NULL DEFAULT false,
    ADD COLUMN time_zone_open boolean NOT NULL DEFAULT false,
    ADD COLUMN text_window_open boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT communities_logo_or_none CHECK (logo IS NULL OR NOT no_logo);
COMMENT ON COLUMN communities.logo IS 'Its sign on pages and passes; NULL: none.';
COMMENT ON COLUMN communities.no_logo IS 'Whether a leader said that there is none.';
COMMENT ON COLUMN communities.short_name_open IS 'Whether short_name is only the beginning of the name: nobody has chosen it yet.';
COMMENT ON COLUMN communities.time_zone_open IS 'Whether nobody has chosen time_zone yet.';
COMMENT ON COLUMN communities.text_window_open IS 'Whether nobody has chosen text_window yet; NULL there is a choice as well.';

ALTER TABLE printings ADD COLUMN logo bytea REFERENCES logos;
COMMENT ON COLUMN printings.logo IS 'The community''s sign as it is printed; NULL: none.';
