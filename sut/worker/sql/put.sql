INSERT INTO jobs (kind, priority, subject, payload, traceparent)
VALUES (%(kind)s, %(priority)s, %(subject)s, %(payload)s, %(traceparent)s)
