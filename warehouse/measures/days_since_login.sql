-- measure: days_since_login
-- unit: days
-- sources: usage_days
-- window: 14 days
-- needs: every day
-- grain: product
-- direction: down
-- Days since somebody was last active: 1 means yesterday. Where rows arrive and nobody ever was, since the first row;
-- accounts without any row are left out.
SELECT
    account_id,
    product,
    :as_of - COALESCE(MAX(CASE WHEN active_users > 0 THEN day END), MIN(day)) AS value,
    MAX(day) AS observed_at
FROM measured_usage
WHERE day < :as_of
GROUP BY account_id, product
