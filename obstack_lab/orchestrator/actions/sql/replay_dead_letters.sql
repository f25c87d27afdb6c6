WITH back AS (
    DELETE FROM public.dead_letters
    WHERE %(kind)s::text IS NULL OR kind = %(kind)s::text
    RETURNING *
), queued AS (
    INSERT INTO public.jobs (job_id, kind, priority, subject, payload, traceparent, queued_at)
    SELECT job_id, kind, priority, subject, payload, traceparent, queued_at FROM back
    RETURNING 1
)
SELECT count(*)::int AS moved FROM queued;
