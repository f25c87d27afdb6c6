SELECT product_id, price_cents
FROM products
WHERE product_id = ANY(%(product_ids)s::integer[])
