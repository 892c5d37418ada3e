-- What several statements ask, said in one place. Functions of one row that return a table are put into the statement that
-- asks, as if they stood there; one that returns a value and looks elsewhere for it would be called for every row.

CREATE FUNCTION unclear_attempts(d deliveries) RETURNS TABLE (delivery_id uuid, number integer) LANGUAGE sql STABLE AS $$
    SELECT a.delivery_id, a.number
    FROM deliveries o JOIN attempts a ON a.delivery_id = o.id
    -- By the invitation they are found; a list's row keeps its own.
    WHERE o.invitation_id = d.invitation_id AND o.batch_id = d.batch_id AND o.batch_row = d.batch_row
        AND a.outcome = 'unknown'
$$;
COMMENT ON FUNCTION unclear_attempts(deliveries) IS 'Attempts, of this delivery or another one of the same row of its batch, that may have arrived: nobody was told.';
