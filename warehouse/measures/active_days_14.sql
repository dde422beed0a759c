-- measure: active_days_14
-- unit: days
-- sources: usage_days
-- window: 14 days
-- needs: every day
-- grain: product
-- direction: up
-- Days of the last 14 on which the account had an active user; accounts without any usage row are left out.
WITH ever AS (
    SELECT account_id, product, MAX(day) AS day FROM measured_usage WHERE day < :as_of GROUP BY account_id, product
),
active AS (
    SELECT DISTINCT account_id, product, day
    FROM measured_usage
    WHERE day >= :as_of_minus_14 AND day < :as_of AND active_users > 0
)
SELECT e.account_id, e.product, COUNT(a.day) AS value, MAX(e.day) AS observed_at
FROM ever e
LEFT JOIN active a ON a.account_id = e.account_id AND a.product = e.product
GROUP BY e.account_id, e.product
