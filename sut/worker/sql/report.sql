SELECT categories.name AS category,
       count(DISTINCT orders.order_id) AS orders,
       sum(order_items.quantity)::bigint AS pieces,
       sum(order_items.quantity * order_items.unit_price_cents)::bigint AS revenue_cents
FROM orders
JOIN order_items USING (order_id)
JOIN products USING (product_id)
JOIN categories USING (category_id)
WHERE orders.placed_at >= %(day)s::date AND orders.placed_at < %(day)s::date + 1
GROUP BY categories.name
ORDER BY revenue_cents DESC
