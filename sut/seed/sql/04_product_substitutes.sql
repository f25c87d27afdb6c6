-- Twelve others of the same category, the nearest first.
INSERT INTO product_substitutes (product_id, rank, substitute_id)
SELECT id, rank, 1 + (id - 1 + 25 * rank) % 5000
FROM generate_series(1, 5000) AS id, generate_series(1, 12) AS rank;
