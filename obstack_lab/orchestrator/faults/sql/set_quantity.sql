UPDATE order_items
SET quantity = %(quantity)s
WHERE order_id = %(order_id)s AND line = %(line)s AND quantity = %(found)s
