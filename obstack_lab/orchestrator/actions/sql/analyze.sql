ANALYZE public.{table};
