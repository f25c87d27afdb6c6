SELECT product_id, price_cents, daily_demand
FROM products
WHERE product_id = ANY(%(product_ids)s::integer[])
