INSERT INTO captures (capture_id, job_id, order_id, amount_cents)
SELECT %(capture_id)s, %(job_id)s, %(order_id)s, %(amount_cents)s
WHERE NOT EXISTS (SELECT 1 FROM captures WHERE order_id = %(order_id)s)
