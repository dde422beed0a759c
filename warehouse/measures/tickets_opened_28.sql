-- measure: tickets_opened_28
-- unit: tickets
-- sources: tickets
-- window: 28 days
-- needs: last day
-- direction: down
-- Tickets opened in 28 days; an account without tickets opened none.
SELECT s.account_id, '' AS product, COUNT(t.id) AS value, MAX(t.opened_day) AS observed_at
FROM scored_accounts s
LEFT JOIN account_tickets t ON t.account_id = s.account_id
    AND t.opened_day >= :as_of_minus_28 AND t.opened_day < :as_of
GROUP BY s.account_id
