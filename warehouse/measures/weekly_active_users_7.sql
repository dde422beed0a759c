-- measure: weekly_active_users_7
-- unit: users
-- sources: usage_days.user_email
-- window: 7 days
-- needs: every day
-- grain: product
-- direction: up
-- Different users that were active in 7 days; left out where a row of that time counts users without naming them.
SELECT
    account_id,
    product,
    COUNT(DISTINCT CASE WHEN day >= :as_of_minus_7 AND active_users > 0 THEN user_email END) AS value,
    MAX(day) AS observed_at
FROM measured_usage
WHERE day < :as_of
GROUP BY account_id, product
HAVING SUM(CASE WHEN user_email <> '' THEN 1 ELSE 0 END) > 0
    AND SUM(CASE WHEN day >= :as_of_minus_7 AND active_users > 0 AND user_email = '' THEN 1 ELSE 0 END) = 0
