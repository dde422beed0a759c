-- measure: usage_trend_28
-- unit: ratio
-- sources: usage_days
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: up
-- Active-user-days of the last 28 days over those of the 28 before; only where all 56 days were delivered.
WITH covered AS (
    SELECT system, stream
    FROM deliveries
    WHERE table_name = 'usage_days' AND day >= :as_of_minus_56 AND day < :as_of
    GROUP BY system, stream
    HAVING COUNT(DISTINCT day) = 56
)
SELECT
    u.account_id,
    u.product,
    CAST(SUM(CASE WHEN u.day >= :as_of_minus_28 THEN u.active_users ELSE 0 END) AS DOUBLE PRECISION)
        / SUM(CASE WHEN u.day < :as_of_minus_28 THEN u.active_users ELSE 0 END) AS value,
    MAX(u.day) AS observed_at
FROM measured_usage u
LEFT JOIN covered c ON c.system = u.system AND c.stream = u.stream
WHERE u.day >= :as_of_minus_56 AND u.day < :as_of
GROUP BY u.account_id, u.product
HAVING COUNT(*) = COUNT(c.system)
    AND SUM(CASE WHEN u.day < :as_of_minus_28 THEN u.active_users ELSE 0 END) > 0
