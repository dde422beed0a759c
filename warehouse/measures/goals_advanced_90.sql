-- measure: goals_advanced_90
-- unit: goals
-- sources: goals
-- window: 90 days
-- needs: last day
-- direction: up
-- Goals that advanced or were reached in 90 days; accounts without a dated progress are left out.
WITH progress AS (
    SELECT account_id, system, stream, id, progress_day AS day FROM account_goals WHERE progress_day < :as_of
    UNION ALL
    SELECT account_id, system, stream, id, reached_day AS day FROM account_goals WHERE reached_day < :as_of
),
goals_moved AS (
    SELECT account_id, system, stream, id, MAX(day) AS day FROM progress GROUP BY account_id, system, stream, id
)
SELECT
    account_id,
    '' AS product,
    SUM(CASE WHEN day >= :as_of_minus_90 THEN 1 ELSE 0 END) AS value,
    MAX(day) AS observed_at
FROM goals_moved
GROUP BY account_id
