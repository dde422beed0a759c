-- measure: tickets_open
-- unit: tickets
-- sources: tickets
-- window: 7 days
-- needs: last day
-- direction: down
-- Tickets of any severity that were opened and not solved before the day; an account without tickets has none.
SELECT s.account_id, '' AS product, COUNT(t.id) AS value, MAX(t.opened_day) AS observed_at
FROM scored_accounts s
LEFT JOIN account_tickets t ON t.account_id = s.account_id
    AND t.opened_day < :as_of
    AND (t.solved_day IS NULL OR t.solved_day >= :as_of)
GROUP BY s.account_id
