-- The first row of yesterday: what the daily report reads.
SELECT order_items.order_id, order_items.line, order_items.quantity
FROM orders
JOIN order_items USING (order_id)
WHERE placed_at >= current_date - 1 AND placed_at < current_date
ORDER BY order_items.order_id, order_items.line
LIMIT 1
