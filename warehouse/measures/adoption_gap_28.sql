-- measure: adoption_gap_28
-- unit: features
-- sources: feature_days, plan_features
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: down
-- Features that the success plan names (`plan_features` with the plan `success`) and that nobody used in 28 days.
-- Accounts whose success plan names none are left out.
WITH named AS (
    SELECT DISTINCT account_id, product, feature
    FROM measured_plan_features
    WHERE plan = 'success'
),
used AS (
    SELECT account_id, product, feature, MAX(day) AS day
    FROM measured_features
    WHERE day >= :as_of_minus_28 AND day < :as_of AND uses > 0
    GROUP BY account_id, product, feature
)
SELECT
    n.account_id,
    n.product,
    SUM(CASE WHEN u.feature IS NULL THEN 1 ELSE 0 END) AS value,
    MAX(u.day) AS observed_at
FROM named n
LEFT JOIN used u ON u.account_id = n.account_id AND u.product = n.product AND u.feature = n.feature
GROUP BY n.account_id, n.product
