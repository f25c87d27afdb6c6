UPDATE stock
SET reserved = least(on_hand, reserved + %(pieces)s)
WHERE product_id = %(product_id)s AND warehouse = 'north'
