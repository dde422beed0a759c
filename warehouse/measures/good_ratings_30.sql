-- measure: good_ratings_30
-- unit: ratings
-- sources: tickets.rating
-- window: 30 days
-- needs: last day
-- direction: up
-- Tickets rated good in 30 days; accounts without any rating in that time are left out.
SELECT
    account_id,
    '' AS product,
    SUM(CASE WHEN rating = 'good' THEN 1 ELSE 0 END) AS value,
    MAX(rated_day) AS observed_at
FROM account_tickets
WHERE rating IS NOT NULL AND rated_day >= :as_of_minus_30 AND rated_day < :as_of
GROUP BY account_id
