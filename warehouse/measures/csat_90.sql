-- measure: csat_90
-- unit: ratio
-- sources: tickets.rating
-- window: 90 days
-- needs: last day
-- run: always
-- direction: up
-- CSAT: the part of the ratings of 90 days that were good; accounts without any rating in that time are left out.
SELECT
    account_id,
    '' AS product,
    CAST(SUM(CASE WHEN rating = 'good' THEN 1 ELSE 0 END) AS DOUBLE PRECISION) / COUNT(*) AS value,
    MAX(rated_day) AS observed_at
FROM account_tickets
WHERE rating IS NOT NULL AND rated_day >= :as_of_minus_90 AND rated_day < :as_of
GROUP BY account_id
