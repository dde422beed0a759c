-- measure: portal_visits_28
-- unit: visits
-- sources: touchpoints.kind
-- window: 28 days
-- needs: last day
-- direction: up
-- Visits of portal or documentation in 28 days; accounts of which none was ever recorded are left out.
SELECT
    account_id,
    '' AS product,
    SUM(CASE WHEN day >= :as_of_minus_28 THEN 1 ELSE 0 END) AS value,
    MAX(day) AS observed_at
FROM account_touchpoints
WHERE day < :as_of AND kind = 'portal'
GROUP BY account_id
