-- measure: bad_ratings_90
-- unit: ratings
-- sources: tickets.rating
-- window: 90 days
-- needs: last day
-- direction: down
-- Tickets rated bad in 90 days; accounts without any rating in that time are left out.
SELECT
    account_id,
    '' AS product,
    SUM(CASE WHEN rating = 'bad' THEN 1 ELSE 0 END) AS value,
    MAX(rated_day) AS observed_at
FROM account_tickets
WHERE rating IS NOT NULL AND rated_day >= :as_of_minus_90 AND rated_day < :as_of
GROUP BY account_id
