-- The loyalty batch: keeps every customer locked while it adds up what each has bought.
WITH kept AS MATERIALIZED (
    SELECT customer_id FROM customers FOR UPDATE
)
SELECT kept.customer_id,
       sum(order_items.quantity * order_items.unit_price_cents::bigint) AS spent,
       count(DISTINCT order_items.product_id) AS products
FROM kept
JOIN orders USING (customer_id)
JOIN order_items USING (order_id)
GROUP BY kept.customer_id
ORDER BY spent DESC
