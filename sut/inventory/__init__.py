"""Inventory: what is in stock, in a zone of its own."""
