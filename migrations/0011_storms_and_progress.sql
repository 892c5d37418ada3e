-- A batch that does harm pauses by itself, says why, and goes on when a leader says so.

CREATE TYPE pause_reason AS ENUM ('leader', 'bounces', 'complaints');
COMMENT ON TYPE pause_reason IS 'What paused a batch: a leader, or too many dead addresses or complaints.';

-- Programs of the last release pause and resume without these columns: what they leave behind means nothing while
-- paused_at is NULL, and NULL beside a pause is a leader's. That paused_for stands and falls with paused_at can
-- become a constraint a release later.
ALTER TABLE batches
    ADD COLUMN paused_for pause_reason,
    ADD COLUMN storm_count integer,
    ADD COLUMN storm_sends integer,
    ADD COLUMN resumed_at timestamptz,
    ADD CONSTRAINT batches_storm_is_a_part CHECK (storm_count BETWEEN 1 AND storm_sends),
    ADD CONSTRAINT batches_storm_is_whole CHECK ((storm_count IS NULL) = (storm_sends IS NULL)),
    ADD CONSTRAINT batches_storm_says_how_many CHECK ((coalesce(paused_for, 'leader') <> 'leader') = (storm_count IS NOT NULL));
UPDATE batches SET paused_for = 'leader' WHERE paused_at IS NOT NULL;
COMMENT ON COLUMN batches.paused_for IS 'What paused it; NULL: it is not paused.';
COMMENT ON COLUMN batches.storm_count IS 'Rows with a dead address, or with a complaint, that paused it; NULL: it did not pause by itself.';
COMMENT ON COLUMN batches.storm_sends IS 'Rows whose outcome was known when it paused by itself; NULL: it did not.';
COMMENT ON COLUMN batches.resumed_at IS 'When it was last resumed: whether it has to pause by itself is judged by what ended since; NULL: never, all counts.';

-- How fast a batch goes now is told from where it was a minute ago.
CREATE TABLE batch_progress (
    batch_id uuid NOT NULL REFERENCES batches,
    at       timestamptz NOT NULL,
    gone     bigint NOT NULL,
    PRIMARY KEY (batch_id, at)
);
COMMENT ON TABLE batch_progress IS 'Where a batch stood, noted every few seconds while something of it may go; kept for ten minutes, and until it is finished.';
COMMENT ON COLUMN batch_progress.batch_id IS 'Of which batch.';
COMMENT ON COLUMN batch_progress.at IS 'When it was noted.';
COMMENT ON COLUMN batch_progress.gone IS 'Rows that were neither held nor queued nor being sent: ended, or tried and to be tried again.';
