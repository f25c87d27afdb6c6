WITH gone AS (
    DELETE FROM public.dead_letters
    WHERE %(kind)s::text IS NULL OR kind = %(kind)s::text
    RETURNING 1
)
SELECT count(*)::int AS moved FROM gone;
