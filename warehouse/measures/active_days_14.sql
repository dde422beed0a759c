-- measure: active_days_14
-- unit: days
-- sources: usage_days
-- window: 14 days
-- needs: every day
-- direction: up
-- Days of the last 14 on which the account had an active user; accounts without any usage row are left out.
WITH days AS (
    SELECT account_id, day, SUM(active_users) AS active_users
    FROM account_usage
    WHERE day < :as_of
    GROUP BY account_id, day
)
SELECT
    account_id,
    '' AS product,
    SUM(CASE WHEN day >= :as_of_minus_14 AND active_users > 0 THEN 1 ELSE 0 END) AS value,
    MAX(day) AS observed_at
FROM days
GROUP BY account_id
