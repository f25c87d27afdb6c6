-- collection: orders
-- Move an order on, where it may go there from where it is.
WITH was AS (
    SELECT order_id, status FROM orders WHERE order_id = %(order_id)s FOR UPDATE
)
UPDATE orders
SET status = %(status)s
FROM was
WHERE orders.order_id = was.order_id AND was.status = ANY(%(allowed)s::text[])
RETURNING was.status AS before
