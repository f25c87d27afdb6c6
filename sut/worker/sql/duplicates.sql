-- Confirmations of the last five minutes that repeat another one.
SELECT count(*) - count(DISTINCT order_id) AS repeated
FROM confirmations
WHERE sent_at > now() - interval '5 minutes'
