-- measure: stickiness_28
-- unit: ratio
-- sources: usage_days.user_email
-- window: 28 days
-- needs: every day
-- grain: product
-- direction: up
-- Daily over monthly active users of 28 days: the part of the days on which its users come back, between 0 and 1.
-- Left out where a row of that time counts users without naming them, or where nobody was active.
WITH user_days AS (
    SELECT account_id, product, day, user_email
    FROM measured_usage
    WHERE day >= :as_of_minus_28 AND day < :as_of AND active_users > 0
    GROUP BY account_id, product, day, user_email
)
SELECT
    account_id,
    product,
    CAST(COUNT(*) AS DOUBLE PRECISION) / (28 * COUNT(DISTINCT user_email)) AS value,
    MAX(day) AS observed_at
FROM user_days
GROUP BY account_id, product
HAVING MIN(user_email) <> ''
