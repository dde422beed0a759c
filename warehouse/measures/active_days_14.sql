-- measure: active_days_14
-- unit: days
-- sources: usage_days
-- window: 14 days
-- needs: every day
-- grain: product
-- direction: up
-- Days of the last 14 on which the account had an active user; accounts without any usage row are left out.
SELECT
    account_id,
    product,
    COUNT(DISTINCT CASE WHEN day >= :as_of_minus_14 AND active_users > 0 THEN day END) AS value,
    MAX(day) AS observed_at
FROM measured_usage
WHERE day < :as_of
GROUP BY account_id, product
