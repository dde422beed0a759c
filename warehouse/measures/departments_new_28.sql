-- measure: departments_new_28
-- unit: departments
-- sources: usage_days.department
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: up
-- Departments whose first activity ever lies in the last 28 days; left out where no department was active before.
WITH departments AS (
    SELECT account_id, product, department, MIN(day) AS first_day
    FROM measured_usage
    WHERE day < :as_of AND department <> '' AND active_users > 0
    GROUP BY account_id, product, department
)
SELECT
    account_id,
    product,
    SUM(CASE WHEN first_day >= :as_of_minus_28 THEN 1 ELSE 0 END) AS value,
    MAX(first_day) AS observed_at
FROM departments
GROUP BY account_id, product
HAVING MIN(first_day) < :as_of_minus_28
