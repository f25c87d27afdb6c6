INSERT INTO customers (customer_id, name, email, tier)
SELECT id,
       format('%s %s',
              (ARRAY['Ada', 'Bo', 'Chi', 'Dana', 'Eli', 'Fay', 'Gus', 'Hana', 'Ivo', 'June', 'Kai',
                     'Lena', 'Milo'])[1 + id % 13],
              (ARRAY['Abel', 'Berg', 'Costa', 'Diaz', 'Evans', 'Funk', 'Garcia', 'Huber', 'Ito',
                     'Jansen', 'Kowal'])[1 + id % 11]),
       format('customer%s@example.org', id),
       CASE WHEN id % 10 = 0 THEN 'gold' WHEN id % 4 = 0 THEN 'silver' ELSE 'standard' END
FROM generate_series(1, 10000) AS id;
