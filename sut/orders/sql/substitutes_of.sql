SELECT substitute_id
FROM product_substitutes
WHERE product_id = %(product_id)s
ORDER BY rank
