-- measure: stakeholders_engaged_90
-- unit: contacts
-- sources: touchpoints.direction, contacts
-- window: 90 days
-- needs: last day
-- direction: up
-- Different contacts that have not left and had a touch in 90 days that took place; an account without contacts has none.
WITH touches AS (
    SELECT account_id, system, contact_ref, contact_email, day
    FROM account_touchpoints
    WHERE day >= :as_of_minus_90 AND day < :as_of AND COALESCE(outcome, 'held') = 'held'
),
engaged AS (
    SELECT c.account_id, COALESCE(c.email, c.system || ' ' || c.id) AS person, t.day
    FROM account_contacts c
    JOIN touches t ON t.account_id = c.account_id AND t.system = c.system AND t.contact_ref = c.id
    WHERE COALESCE(c.active, TRUE)
    UNION ALL
    SELECT c.account_id, c.email AS person, t.day
    FROM account_contacts c
    JOIN touches t ON t.account_id = c.account_id AND t.contact_email = c.email
    WHERE COALESCE(c.active, TRUE)
)
SELECT s.account_id, '' AS product, COUNT(DISTINCT e.person) AS value, MAX(e.day) AS observed_at
FROM scored_accounts s
LEFT JOIN engaged e ON e.account_id = s.account_id
GROUP BY s.account_id
