ALTER TABLE public.{table} ADD CONSTRAINT {index} UNIQUE USING INDEX {index};
