SELECT quantity FROM order_items WHERE order_id = %(order_id)s AND line = %(line)s
