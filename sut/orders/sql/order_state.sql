SELECT order_id, customer_id, state AS status, total_cents, placed_at,
       (SELECT json_agg(json_build_object(
                   'product_id', product_id,
                   'quantity', quantity,
                   'unit_price_cents', unit_price_cents) ORDER BY line)
        FROM order_items
        WHERE order_items.order_id = orders.order_id) AS items
FROM orders
WHERE order_id = %(order_id)s
