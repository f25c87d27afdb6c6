-- collection: order_items
-- The products most often found in orders with one of the inner products.
SELECT order_items.product_id, products.name, count(*) AS times
FROM order_items
JOIN products USING (product_id)
WHERE order_items.order_id IN (
    SELECT order_id FROM order_items WHERE product_id IN ('inner'))
  AND order_items.product_id <> %(product_id)s
GROUP BY order_items.product_id, products.name
ORDER BY times DESC, order_items.product_id
LIMIT %(shown)s
