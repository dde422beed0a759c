-- measure: departments_active_28
-- unit: departments
-- sources: usage_days.department
-- window: 28 days
-- needs: every day
-- grain: product
-- run: always
-- direction: up
-- Departments with an active user in 28 days; accounts whose usage rows never name one are left out.
SELECT
    account_id,
    product,
    COUNT(DISTINCT CASE WHEN day >= :as_of_minus_28 AND active_users > 0 THEN department END) AS value,
    MAX(day) AS observed_at
FROM measured_usage
WHERE day < :as_of AND department <> ''
GROUP BY account_id, product
