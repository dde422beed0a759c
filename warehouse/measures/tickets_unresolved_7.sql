-- measure: tickets_unresolved_7
-- unit: tickets
-- sources: tickets
-- window: 7 days
-- needs: last day
-- direction: down
-- Tickets that were opened at least 7 days before the day and not solved before it; an account without tickets has none.
SELECT s.account_id, '' AS product, COUNT(t.id) AS value, MAX(t.opened_day) AS observed_at
FROM scored_accounts s
LEFT JOIN account_tickets t ON t.account_id = s.account_id
    AND t.opened_day <= :as_of_minus_7
    AND (t.solved_day IS NULL OR t.solved_day >= :as_of)
GROUP BY s.account_id
