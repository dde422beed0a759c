-- measure: arr
-- unit: reporting currency
-- sources: accounts
-- window: 7 days
-- needs: last day
-- direction: up
-- ARR at the plan rate of the fiscal year, as last seen; an unknown amount is left out.
SELECT a.account_id, '' AS product, CAST(a.arr_reporting AS DOUBLE PRECISION) AS value, CAST(NULL AS DATE) AS observed_at
FROM accounts a
JOIN scored_accounts s ON s.account_id = a.account_id
WHERE a.arr_reporting IS NOT NULL
