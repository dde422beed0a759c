-- measure: meetings_held_90
-- unit: ratio
-- sources: touchpoints.outcome
-- window: 90 days
-- needs: last day
-- direction: up
-- Share of the meetings of 90 days that were held, not counting those that we cancelled or whose outcome is unknown.
SELECT
    account_id,
    '' AS product,
    CAST(SUM(CASE WHEN outcome = 'held' THEN 1 ELSE 0 END) AS DOUBLE PRECISION) / COUNT(*) AS value,
    MAX(day) AS observed_at
FROM account_touchpoints
WHERE kind = 'meeting' AND outcome IN ('held', 'no_show', 'cancelled_by_customer')
    AND day >= :as_of_minus_90 AND day < :as_of
GROUP BY account_id
