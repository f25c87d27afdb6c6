SELECT count(*)::int AS letters FROM public.dead_letters
WHERE %(kind)s::text IS NULL OR kind = %(kind)s::text;
