SELECT product_id, sku, name, price_cents
FROM products
WHERE product_id > %(after)s
ORDER BY product_id
LIMIT %(limit)s
