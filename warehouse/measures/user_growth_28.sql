-- measure: user_growth_28
-- unit: ratio
-- sources: usage_days.user_email
-- window: 56 days
-- needs: every day
-- grain: product
-- direction: up
-- Different users of the last 28 days over those of the 28 before: above 1 the team grows.
-- Left out where a row of that time counts users without naming them, or where nobody was active before.
WITH users AS (
    SELECT
        account_id,
        product,
        user_email,
        MAX(day) AS last_day,
        MIN(day) AS first_day
    FROM measured_usage
    WHERE day >= :as_of_minus_56 AND day < :as_of AND active_users > 0
    GROUP BY account_id, product, user_email
)
SELECT
    account_id,
    product,
    CAST(SUM(CASE WHEN last_day >= :as_of_minus_28 THEN 1 ELSE 0 END) AS DOUBLE PRECISION)
        / SUM(CASE WHEN first_day < :as_of_minus_28 THEN 1 ELSE 0 END) AS value,
    MAX(last_day) AS observed_at
FROM users
GROUP BY account_id, product
HAVING MIN(user_email) <> '' AND SUM(CASE WHEN first_day < :as_of_minus_28 THEN 1 ELSE 0 END) > 0
