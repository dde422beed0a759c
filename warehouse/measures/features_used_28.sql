-- measure: features_used_28
-- unit: features
-- sources: feature_days
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: up
-- Adoption in breadth: different features used in 28 days; accounts without any feature row are left out.
SELECT
    account_id,
    product,
    COUNT(DISTINCT CASE WHEN day >= :as_of_minus_28 AND uses > 0 THEN feature END) AS value,
    MAX(day) AS observed_at
FROM measured_features
WHERE day < :as_of
GROUP BY account_id, product
