-- measure: core_features_28
-- unit: features
-- sources: feature_days
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: up
-- Distinct features of the configured core list used in 28 days; accounts without any feature row are left out.
SELECT
    f.account_id,
    f.product,
    COUNT(DISTINCT CASE WHEN f.day >= :as_of_minus_28 AND f.uses > 0 THEN c.feature END) AS value,
    MAX(f.day) AS observed_at
FROM measured_features f
LEFT JOIN core_features c ON c.product = f.product AND c.feature = f.feature
WHERE f.day < :as_of
GROUP BY f.account_id, f.product
