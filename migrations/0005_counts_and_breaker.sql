-- Counts keep themselves, whoever changes a delivery; and a closed channel is tried by one message at a time.

-- Old rows count down, new rows count up: what did not change cancels out, a row that is no longer the newest of its
-- entry leaves the count, and no writer can forget to count. Connections use different shards and do not wait for one
-- another.
CREATE FUNCTION tally_new_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies (batch_id, state, shard, count)
    SELECT batch_id, state, pg_backend_pid() % 16, count(*) FROM became
    WHERE newest AND batch_id IS NOT NULL GROUP BY batch_id, state ORDER BY batch_id, state
    ON CONFLICT (batch_id, state, shard) DO UPDATE SET count = tallies.count + excluded.count;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION tally_new_deliveries() IS 'Counts inserted deliveries into tallies.';
CREATE TRIGGER deliveries_counted_when_new AFTER INSERT ON deliveries
REFERENCING NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION tally_new_deliveries();

CREATE FUNCTION tally_changed_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies (batch_id, state, shard, count)
    SELECT batch_id, state, pg_backend_pid() % 16, sum(step)
    FROM (SELECT batch_id, state, -1 AS step FROM was WHERE newest
          UNION ALL SELECT batch_id, state, 1 FROM became WHERE newest) AS steps
    WHERE batch_id IS NOT NULL GROUP BY batch_id, state HAVING sum(step) <> 0 ORDER BY batch_id, state
    ON CONFLICT (batch_id, state, shard) DO UPDATE SET count = tallies.count + excluded.count;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION tally_changed_deliveries() IS 'Counts every change of state into tallies, in the statement that makes it.';
CREATE TRIGGER deliveries_counted_when_changed AFTER UPDATE ON deliveries
REFERENCING OLD TABLE AS was NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION tally_changed_deliveries();
COMMENT ON COLUMN tallies.shard IS 'Of the connection that counted: different ones do not wait for one another.';

-- The breaker.
ALTER TABLE channels
    ADD COLUMN closings smallint NOT NULL DEFAULT 0 CHECK (closings >= 0),
    ADD COLUMN opened_at timestamptz,
    ADD COLUMN probe uuid,
    ADD COLUMN probe_until timestamptz,
    ADD CONSTRAINT channels_probe_is_whole CHECK ((probe IS NULL) = (probe_until IS NULL));
-- Until now a closing ended when its time had passed; from now on a probe ends it.
UPDATE channels SET closed_until = NULL, closed_at = NULL, reason = NULL;
COMMENT ON COLUMN channels.closed_until IS 'When the provider is tried again, by one delivery; NULL: open.';
COMMENT ON COLUMN channels.closed_at IS 'Since when nothing begins; NULL: open.';
COMMENT ON COLUMN channels.closings IS 'How often in a row it was closed or found closed: the wait before the next try doubles. An hour of being open forgets them.';
COMMENT ON COLUMN channels.opened_at IS 'When it was last opened: what began before says nothing about now; NULL: never closed.';
COMMENT ON COLUMN channels.probe IS 'The one delivery that may begin while the channel is closed, to see whether the provider takes it; NULL: none is under way.';
COMMENT ON COLUMN channels.probe_until IS 'When another delivery may be chosen, because its worker died; NULL: none is under way.';

-- While a channel is closed most rows stay queued behind the gate; who asks is told why all the same.
CREATE FUNCTION waits_for(d deliveries, ch channels, OUT held_reason hold_reason, OUT next_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN behind.gate THEN 'channel_closed'::hold_reason ELSE d.held_reason END,
           CASE WHEN behind.gate THEN ch.closed_until WHEN d.held_reason IS DISTINCT FROM 'paused' THEN d.due_at END
    FROM (SELECT ch.closed_at IS NOT NULL
                 AND (d.held_reason = 'channel_closed' OR d.state IN ('queued', 'retry_wait') AND d.due_at <= app_now()) AS gate) AS behind
$$;
COMMENT ON FUNCTION waits_for(deliveries, channels) IS 'Why a delivery does not go yet, and when something happens next by itself.';

-- A delivery that never gets there is not tried for ever.
ALTER TABLE deliveries
    ADD COLUMN unsent smallint NOT NULL DEFAULT 0 CHECK (unsent >= 0),
    ADD COLUMN taken boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN deliveries.unsent IS 'Attempts that certainly did not go while the channel was open: they use up no try, but a day of them is a failure.';
COMMENT ON COLUMN deliveries.taken IS 'Whether a late answer said that the provider has it, while a repeat was under way.';

-- Reconcilers run in every worker; whoever updates the row first looks for all.
CREATE TABLE reconcilers (
    name      text PRIMARY KEY,
    looked_at timestamptz NOT NULL,
    found_at  timestamptz,
    found     jsonb,
    CONSTRAINT reconcilers_finding_is_whole CHECK ((found_at IS NULL) = (found IS NULL))
);
COMMENT ON TABLE reconcilers IS 'When each reconciler last looked, and what it last found.';
COMMENT ON COLUMN reconcilers.name IS 'Which.';
COMMENT ON COLUMN reconcilers.looked_at IS 'When a worker last began to look; nobody else looks until some seconds later.';
COMMENT ON COLUMN reconcilers.found_at IS 'When it last had something to put right; NULL: never.';
COMMENT ON COLUMN reconcilers.found IS 'What that was: counts by name; NULL: never.';
