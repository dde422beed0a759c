-- measure: features_outside_plan_28
-- unit: features
-- sources: feature_days, plan_features
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: up
-- Features used in 28 days that the plan does not hold; `plan_features` with the plan `subscription` name those that it
-- holds. Accounts of which no such feature is known, or without any feature row, are left out.
WITH planned AS (
    SELECT DISTINCT account_id, product, feature
    FROM measured_plan_features
    WHERE plan = 'subscription'
),
with_plan AS (
    SELECT DISTINCT account_id, product FROM planned
)
SELECT
    f.account_id,
    f.product,
    COUNT(DISTINCT CASE
        WHEN f.day >= :as_of_minus_28 AND f.uses > 0 AND p.feature IS NULL THEN f.feature
    END) AS value,
    MAX(f.day) AS observed_at
FROM measured_features f
JOIN with_plan w ON w.account_id = f.account_id AND w.product = f.product
LEFT JOIN planned p ON p.account_id = f.account_id AND p.product = f.product AND p.feature = f.feature
WHERE f.day < :as_of
GROUP BY f.account_id, f.product
