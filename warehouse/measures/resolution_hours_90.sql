-- measure: resolution_hours_90
-- unit: hours
-- sources: tickets.opened_at, tickets.solved_at
-- window: 90 days
-- needs: last day
-- direction: down
-- Hours from the opening of a ticket to its solution, on average over the tickets solved in 90 days.
-- A ticket whose clock runs backwards says nothing; accounts without another one are left out.
SELECT
    account_id,
    '' AS product,
    AVG(EXTRACT(EPOCH FROM (solved_at - opened_at))) / 3600 AS value,
    MAX(solved_at) AS observed_at
FROM account_tickets
WHERE solved_day >= :as_of_minus_90 AND solved_day < :as_of AND solved_at >= opened_at
GROUP BY account_id
