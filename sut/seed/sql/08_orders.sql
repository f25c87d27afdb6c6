-- Ninety days that end with yesterday, evenly spread.
INSERT INTO orders (order_id, customer_id, placed_at, status, total_cents)
SELECT order_id,
       1 + (random() * 9999)::integer,
       current_date - 90 * interval '1 day' + (order_id * 90.0 / 200001) * interval '1 day',
       CASE WHEN order_id % 50 = 0 THEN 'returned'
            WHEN order_id % 97 = 0 THEN 'cancelled'
            ELSE 'delivered' END,
       total
FROM (SELECT order_id, sum(quantity * unit_price_cents) AS total
      FROM order_items GROUP BY order_id) AS summed;
SELECT setval(pg_get_serial_sequence('orders', 'order_id'), 200000);
