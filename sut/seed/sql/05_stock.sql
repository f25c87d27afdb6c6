INSERT INTO stock (product_id, warehouse, on_hand, reserved)
SELECT id, warehouse, on_hand, least(on_hand, (random() * 5)::integer)
FROM (SELECT id, warehouse,
             CASE WHEN random() < 0.1 THEN 0 ELSE (random() * 400)::integer END AS on_hand
      FROM generate_series(1, 5000) AS id,
           unnest(ARRAY['north', 'south', 'west']) AS warehouse) AS counted;
