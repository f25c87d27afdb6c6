INSERT INTO products (product_id, sku, name, category_id, price_cents, daily_demand, description)
SELECT id,
       format('SKU-%s', lpad(id::text, 5, '0')),
       format('%s %s %s',
              (ARRAY['Quiet', 'Bright', 'Sturdy', 'Plain', 'Nordic', 'Folding', 'Little', 'Grand',
                     'Early', 'Wild'])[1 + id % 10],
              (ARRAY['Harbour', 'Meadow', 'Comet', 'Lantern', 'Otter', 'Pebble', 'Cedar', 'Willow',
                     'Saffron', 'Kestrel', 'Juniper'])[1 + id % 11],
              id),
       1 + id % 25,
       190 + (random() * random() * 24000)::integer,
       round((0.2 + 12 * random() * random())::numeric, 3),
       format('Made to last. Item %s of a series of %s, with spare parts for ten years.',
              1 + id % 40, 40)
FROM generate_series(1, 5000) AS id;
