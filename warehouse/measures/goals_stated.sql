-- measure: goals_stated
-- unit: goals
-- sources: goals
-- window: 7 days
-- needs: last day
-- known: connected
-- direction: up
-- Goals that the customer stated before the day; where a goals source is connected, no goal is a fact.
SELECT s.account_id, '' AS product, COUNT(g.id) AS value, MAX(g.stated_day) AS observed_at
FROM scored_accounts s
LEFT JOIN account_goals g ON g.account_id = s.account_id AND (g.stated_day IS NULL OR g.stated_day < :as_of)
GROUP BY s.account_id
