-- measure: limit_used_pct
-- unit: percent
-- sources: limit_days
-- window: 7 days
-- needs: last day
-- grain: product
-- run: always
-- direction: up
-- The highest use of any one plan limit, each as last seen in 7 days; a limit of nothing is none.
WITH last_seen AS (
    SELECT account_id, product, own_product, limit_name, MAX(day) AS day
    FROM measured_limits
    WHERE day >= :as_of_minus_7 AND day < :as_of
    GROUP BY account_id, product, own_product, limit_name
)
SELECT l.account_id, l.product, MAX(100 * l.used / l.allowed) AS value, MAX(l.day) AS observed_at
FROM measured_limits l
JOIN last_seen s ON s.account_id = l.account_id AND s.product = l.product AND s.own_product = l.own_product
    AND s.limit_name = l.limit_name AND s.day = l.day
WHERE l.allowed > 0 AND l.day >= :as_of_minus_7 AND l.day < :as_of
GROUP BY l.account_id, l.product
