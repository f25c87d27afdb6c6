-- collection: jobs
SELECT pg_notify('attempts', %(text)s)
