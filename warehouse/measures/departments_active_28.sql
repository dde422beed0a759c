-- measure: departments_active_28
-- unit: departments
-- sources: usage_days.department
-- window: 28 days
-- needs: every day
-- direction: up
-- Departments with an active user in 28 days; accounts whose usage rows never name one are left out.
WITH departments AS (
    SELECT
        account_id,
        department,
        MAX(CASE WHEN active_users > 0 THEN day END) AS active_day,
        MAX(day) AS day
    FROM account_usage
    WHERE day < :as_of AND department <> ''
    GROUP BY account_id, department
)
SELECT
    account_id,
    '' AS product,
    SUM(CASE WHEN active_day >= :as_of_minus_28 THEN 1 ELSE 0 END) AS value,
    MAX(day) AS observed_at
FROM departments
GROUP BY account_id
