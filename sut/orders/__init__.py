"""Orders: the catalogue, quotes, orders and reports."""
