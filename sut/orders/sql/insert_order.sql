INSERT INTO orders (customer_id, placed_at, status, total_cents)
SELECT customer_id, now(), 'placed', %(total_cents)s
FROM customers
WHERE customer_id = %(customer_id)s
RETURNING order_id
