-- measure: first_response_hours_90
-- unit: hours
-- sources: tickets.opened_at, tickets.first_response_at
-- window: 90 days
-- needs: last day
-- direction: down
-- Hours from the opening of a ticket to the first response, on average over the tickets opened in 90 days.
-- A ticket whose clock runs backwards says nothing; accounts without another one are left out.
SELECT
    account_id,
    '' AS product,
    AVG(EXTRACT(EPOCH FROM (first_response_at - opened_at))) / 3600 AS value,
    MAX(first_response_at) AS observed_at
FROM account_tickets
WHERE opened_day >= :as_of_minus_90 AND opened_day < :as_of AND first_response_at >= opened_at
GROUP BY account_id
