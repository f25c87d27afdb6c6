SELECT orders.order_id, orders.total_cents, orders.placed_at, customers.name, customers.email,
       (SELECT json_agg(json_build_object(
                   'name', products.name,
                   'quantity', quantity,
                   'unit_price_cents', unit_price_cents) ORDER BY line)
        FROM order_items
        JOIN products USING (product_id)
        WHERE order_items.order_id = orders.order_id) AS items
FROM orders
JOIN customers USING (customer_id)
WHERE order_id = %(order_id)s
