-- measure: daily_active_users_28
-- unit: users
-- sources: usage_days
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: up
-- Active users on a day of the last 28, on average; of a younger account, on a day since its first usage row.
SELECT
    account_id,
    product,
    CAST(SUM(CASE WHEN day >= :as_of_minus_28 THEN active_users ELSE 0 END) AS DOUBLE PRECISION)
        / LEAST(28, :as_of - MIN(day)) AS value,
    MAX(day) AS observed_at
FROM measured_usage
WHERE day < :as_of
GROUP BY account_id, product
