-- collection: order_items
-- What the latest customers of a product bought with it.
SELECT DISTINCT others.product_id
FROM (SELECT order_id
      FROM order_items
      WHERE product_id = %(product_id)s
      ORDER BY order_id DESC
      LIMIT 80) AS latest
JOIN order_items AS others USING (order_id)
WHERE others.product_id <> %(product_id)s
LIMIT %(limit)s
