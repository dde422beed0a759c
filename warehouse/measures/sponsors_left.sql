-- measure: sponsors_left
-- unit: contacts
-- sources: contacts.role, contacts.active
-- window: 7 days
-- needs: last day
-- direction: down
-- Contacts with the role of sponsor that have left, as last seen.
SELECT s.account_id, '' AS product, COUNT(c.id) AS value, MAX(c.seen_at) AS observed_at
FROM scored_accounts s
LEFT JOIN account_contacts c ON c.account_id = s.account_id AND c.role = 'sponsor' AND c.active = FALSE
GROUP BY s.account_id
