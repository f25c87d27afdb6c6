INSERT INTO order_items (order_id, line, product_id, quantity, unit_price_cents)
VALUES (%(order_id)s, %(line)s, %(product_id)s, %(quantity)s, %(price)s)
