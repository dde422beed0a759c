-- measure: days_to_renewal
-- unit: days
-- sources: accounts
-- window: 7 days
-- needs: last day
-- direction: up
-- Days until the renewal date, as last seen; negative once it has passed. Accounts without a date are left out.
SELECT a.account_id, '' AS product, a.renewal_date - :as_of AS value, a.renewal_date AS observed_at
FROM accounts a
JOIN scored_accounts s ON s.account_id = a.account_id
WHERE a.renewal_date IS NOT NULL
