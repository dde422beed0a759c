-- measure: arr_change_365_pct
-- unit: percent
-- sources: accounts
-- window: 7 days
-- needs: last day
-- direction: up
-- Change of ARR against the same day a year before, in its own currency, so that exchange rates are no change.
-- Left out where the amount of either day is unknown, or the currency is another one.
SELECT
    a.account_id,
    '' AS product,
    CAST(100 * (a.arr_native - b.arr_native) AS DOUBLE PRECISION) / CAST(b.arr_native AS DOUBLE PRECISION) AS value,
    b.from_day AS observed_at
FROM accounts a
JOIN scored_accounts s ON s.account_id = a.account_id
JOIN arr_history b ON b.account_id = a.account_id AND b.currency = a.currency
    AND b.from_day <= :as_of_minus_365 AND (b.to_day IS NULL OR b.to_day >= :as_of_minus_365)
WHERE a.arr_native IS NOT NULL AND b.arr_native > 0
