-- collection: stock
-- What lies in all warehouses, reserved or not.
WITH asked AS (
    SELECT product_id, NULL::integer AS substitute_for, 0 AS rank
    FROM unnest(%(product_ids)s::integer[]) AS product_id
    UNION ALL
    SELECT substitute_id, product_id, rank
    FROM product_substitutes
    WHERE %(substitutes)s AND product_id = ANY(%(product_ids)s::integer[])
)
SELECT asked.product_id,
       asked.substitute_for,
       coalesce(sum(stock.on_hand), 0)::integer AS available
FROM asked
LEFT JOIN stock ON stock.product_id = asked.product_id
GROUP BY asked.product_id, asked.substitute_for, asked.rank
ORDER BY asked.substitute_for NULLS FIRST, asked.rank, asked.product_id
LIMIT %(limit)s OFFSET %(offset)s
