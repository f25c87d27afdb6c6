INSERT INTO confirmations (job_id, order_id, digest, body)
VALUES (%(job_id)s, %(order_id)s, %(digest)s, %(body)s)
RETURNING confirmation_id
