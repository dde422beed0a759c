-- measure: days_since_touch
-- unit: days
-- sources: touchpoints.direction
-- window: 7 days
-- needs: last day
-- direction: down
-- Days since the last e-mail, call or meeting that took place, in either direction; visits and events are no touch.
-- Accounts without any are left out.
SELECT account_id, '' AS product, :as_of - MAX(day) AS value, MAX(day) AS observed_at
FROM account_touchpoints
WHERE day < :as_of AND kind IN ('email', 'call', 'meeting') AND COALESCE(outcome, 'held') = 'held'
GROUP BY account_id
