-- measure: goals_reached_pct
-- unit: percent
-- sources: goals.reached_day
-- window: 7 days
-- needs: last day
-- direction: up
-- Goals reached before the day, in percent of those stated before it; accounts without a stated goal are left out.
SELECT
    account_id,
    '' AS product,
    CAST(100 * SUM(CASE WHEN reached_day < :as_of THEN 1 ELSE 0 END) AS DOUBLE PRECISION) / COUNT(*) AS value,
    MAX(reached_day) AS observed_at
FROM account_goals
WHERE stated_day IS NULL OR stated_day < :as_of
GROUP BY account_id
