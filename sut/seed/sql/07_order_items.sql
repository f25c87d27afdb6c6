INSERT INTO order_items (order_id, line, product_id, quantity, unit_price_cents)
SELECT drawn.order_id, drawn.line, drawn.product_id, drawn.quantity, products.price_cents
FROM (SELECT id AS order_id, line,
             1 + (random() * random() * 4999)::integer AS product_id,
             1 + (random() * random() * 4)::integer AS quantity
      FROM generate_series(1, 200000) AS id, generate_series(1, 3) AS line
      WHERE line <= 1 + id % 3) AS drawn
JOIN products USING (product_id);
