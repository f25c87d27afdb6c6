INSERT INTO reports (job_id, day, body)
VALUES (%(job_id)s, %(day)s, %(body)s)
