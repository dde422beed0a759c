-- measure: champions_active
-- unit: contacts
-- sources: contacts.role
-- window: 7 days
-- needs: last day
-- direction: up
-- Contacts with the role of champion that have not left, as last seen.
SELECT s.account_id, '' AS product, COUNT(c.id) AS value, MAX(c.seen_at) AS observed_at
FROM scored_accounts s
LEFT JOIN account_contacts c ON c.account_id = s.account_id AND c.role = 'champion' AND COALESCE(c.active, TRUE)
GROUP BY s.account_id
