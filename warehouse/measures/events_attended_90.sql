-- measure: events_attended_90
-- unit: events
-- sources: touchpoints.kind
-- window: 90 days
-- needs: last day
-- direction: up
-- Events and webinars of 90 days in which the account took part: held, or without a recorded outcome.
-- Accounts that were never recorded at one, not even as missing, are left out.
SELECT
    account_id,
    '' AS product,
    SUM(CASE WHEN day >= :as_of_minus_90 AND COALESCE(outcome, 'held') = 'held' THEN 1 ELSE 0 END) AS value,
    MAX(day) AS observed_at
FROM account_touchpoints
WHERE day < :as_of AND kind = 'event'
GROUP BY account_id
