-- measure: uses_per_user_day_28
-- unit: uses
-- sources: feature_days, usage_days
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: up
-- Adoption in depth: feature uses for each day of an active user in 28 days; left out where nobody was active.
WITH feature_uses AS (
    SELECT account_id, product, SUM(uses) AS uses
    FROM measured_features
    WHERE day >= :as_of_minus_28 AND day < :as_of
    GROUP BY account_id, product
)
SELECT
    u.account_id,
    u.product,
    CAST(COALESCE(MAX(f.uses), 0) AS DOUBLE PRECISION) / SUM(u.active_users) AS value,
    MAX(u.day) AS observed_at
FROM measured_usage u
LEFT JOIN feature_uses f ON f.account_id = u.account_id AND f.product = u.product
WHERE u.day >= :as_of_minus_28 AND u.day < :as_of
GROUP BY u.account_id, u.product
HAVING SUM(u.active_users) > 0
