SELECT product_id, sku, products.name, categories.name AS category, price_cents, description
FROM products
JOIN categories USING (category_id)
WHERE product_id = %(product_id)s
