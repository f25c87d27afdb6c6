-- One report of yesterday per interval, whoever of the workers comes first.
INSERT INTO jobs (kind, priority, payload)
SELECT 'report', %(priority)s, jsonb_build_object('day', current_date - 1)
WHERE pg_try_advisory_xact_lock(hashtext('shop report'))
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE kind = 'report')
  AND NOT EXISTS (SELECT 1 FROM reports
                  WHERE made_at > now() - %(seconds)s * interval '1 second')
