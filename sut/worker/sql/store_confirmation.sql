INSERT INTO confirmations (job_id, order_id, digest, body)
SELECT %(job_id)s, %(order_id)s, %(digest)s, %(body)s
WHERE NOT EXISTS (SELECT 1 FROM confirmations WHERE order_id = %(order_id)s)
RETURNING confirmation_id
