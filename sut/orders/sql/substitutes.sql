SELECT product_id, substitute_id, rank
FROM product_substitutes
ORDER BY product_id, rank
