-- measure: champions_engaged_30
-- unit: contacts
-- sources: contacts.role
-- also: touchpoints, usage_days.user_email
-- window: 30 days
-- needs: every day
-- direction: up
-- Champions that have not left and had a touch, a reply or a login in 30 days; a touch that did not take place is none.
WITH champions AS (
    SELECT account_id, system, id, email
    FROM account_contacts
    WHERE role = 'champion' AND COALESCE(active, TRUE)
),
touches AS (
    SELECT account_id, system, contact_ref, contact_email, day
    FROM account_touchpoints
    WHERE day >= :as_of_minus_30 AND day < :as_of AND COALESCE(outcome, 'held') = 'held'
),
signs AS (
    SELECT c.account_id, c.system, c.id, t.day
    FROM champions c
    JOIN touches t ON t.account_id = c.account_id AND t.system = c.system AND t.contact_ref = c.id
    UNION ALL
    SELECT c.account_id, c.system, c.id, t.day
    FROM champions c
    JOIN touches t ON t.account_id = c.account_id AND t.contact_email = c.email
    UNION ALL
    SELECT c.account_id, c.system, c.id, u.day
    FROM champions c
    JOIN account_usage u ON u.account_id = c.account_id AND u.user_email = c.email
    WHERE u.day >= :as_of_minus_30 AND u.day < :as_of AND u.active_users > 0 AND u.user_email <> ''
),
engaged AS (
    SELECT account_id, system, id, MAX(day) AS day FROM signs GROUP BY account_id, system, id
)
SELECT s.account_id, '' AS product, COUNT(e.id) AS value, MAX(e.day) AS observed_at
FROM scored_accounts s
LEFT JOIN engaged e ON e.account_id = s.account_id
GROUP BY s.account_id
