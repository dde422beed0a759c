-- measure: core_features_28
-- unit: features
-- sources: feature_days
-- window: 28 days
-- needs: every day
-- direction: up
-- Distinct features of the configured core list used in 28 days; accounts without any feature row are left out.
SELECT
    account_id,
    '' AS product,
    COUNT(DISTINCT CASE
        WHEN day >= :as_of_minus_28 AND uses > 0 AND feature IN :core_features THEN feature
    END) AS value,
    MAX(day) AS observed_at
FROM account_features
WHERE day < :as_of
GROUP BY account_id
