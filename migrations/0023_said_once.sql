-- What several statements ask, said in one place. Functions of one row that return a table are put into the statement that
-- asks, as if they stood there; one that returns a value and looks elsewhere for it would be called for every row.

CREATE FUNCTION unclear_attempts(d deliveries) RETURNS TABLE (delivery_id uuid, number integer) LANGUAGE sql STABLE AS $$
    SELECT a.delivery_id, a.number
    FROM deliveries o JOIN attempts a ON a.delivery_id = o.id
    -- All messages of a row carry one invitation, by which they are found. `OFFSET 0` keeps the planner from reading
    -- everybody's attempts to look a few of them up.
    WHERE o.invitation_id = d.invitation_id AND o.batch_id = d.batch_id AND o.batch_row = d.batch_row
        AND a.outcome = 'unknown'
    OFFSET 0
$$;
COMMENT ON FUNCTION unclear_attempts(deliveries) IS 'Attempts, of this delivery or another one of the same row of its batch, that may have arrived: nobody was told.';

CREATE FUNCTION called(h households) RETURNS TABLE (name text) LANGUAGE sql STABLE AS $$
    SELECT coalesce(h.name, (SELECT k.name FROM contacts k WHERE k.household_id = h.id AND k.name IS NOT NULL ORDER BY k.id LIMIT 1))
$$;
COMMENT ON FUNCTION called(households) IS 'What a household is called: its name, or else its first contact''s that has one; NULL: nobody said, or it is erased. Always one row.';

CREATE FUNCTION in_order(label_key text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(regexp_replace(label_key, '([0-9]+)', '00000000\1', 'g'), '0*([0-9]{9})', '\1', 'g')
$$;
COMMENT ON FUNCTION in_order(text) IS 'A unit as it is sorted: every number gets nine digits, so that 2 comes before 10.';

CREATE VIEW open_requests AS
    SELECT r.id, r.community_id, r.kind, r.invitation_id, i.household_id, r.name, r.place, r.address, r.created_at
    FROM requests r JOIN invitations i ON i.id = r.invitation_id LEFT JOIN households h ON h.id = i.household_id
    WHERE r.ended_at IS NULL AND (r.kind <> 'new_code' OR h.joined_at IS NULL);
COMMENT ON VIEW open_requests IS 'What a leader has to answer: a new code that a household asked for that has joined since is none of it.';
