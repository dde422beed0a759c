-- measure: active_user_days_7
-- unit: user days
-- sources: usage_days
-- window: 7 days
-- needs: every day
-- grain: product
-- direction: up
-- Active users of 7 days, added up over the days; 0 is usage at zero. Accounts that nobody ever used are left out.
SELECT
    account_id,
    product,
    SUM(CASE WHEN day >= :as_of_minus_7 THEN active_users ELSE 0 END) AS value,
    MAX(day) AS observed_at
FROM measured_usage
WHERE day < :as_of AND active_users > 0
GROUP BY account_id, product
