INSERT INTO order_items (order_id, line, product_id, quantity, unit_price_cents)
SELECT %(order_id)s::bigint, line, product_id, quantity, price
FROM unnest(%(product_ids)s::integer[], %(quantities)s::integer[], %(prices)s::integer[])
     WITH ORDINALITY AS item (product_id, quantity, price, line)
