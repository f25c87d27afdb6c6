SELECT customer_id, tier
FROM customers
WHERE customer_id = %(customer_id)s
