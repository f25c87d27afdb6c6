-- collection: order_items
-- What was bought together with the inner products.
SELECT product_id FROM order_items
WHERE order_id IN (SELECT order_id FROM order_items WHERE product_id IN ('inner'))
