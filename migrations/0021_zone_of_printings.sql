-- A pass printed once more says the same day, whatever the community's clocks do meanwhile.

ALTER TABLE printings ADD COLUMN time_zone text;
COMMENT ON COLUMN printings.time_zone IS 'In which time zone the last day is told, as it is printed; NULL: from before that was kept, in the community''s.';
