-- measure: renewal_intent_180
-- unit: points
-- sources: surveys.score
-- window: 180 days
-- needs: last day
-- direction: up
-- The last stated intent to renew in 180 days, on the scale of its survey; of several answers of that day the lowest.
-- Accounts that were not asked or did not answer are left out.
WITH last_day AS (
    SELECT account_id, MAX(answered_day) AS day
    FROM account_surveys
    WHERE kind = 'renewal_intent' AND score IS NOT NULL
        AND answered_day >= :as_of_minus_180 AND answered_day < :as_of
    GROUP BY account_id
)
SELECT s.account_id, '' AS product, MIN(s.score) AS value, MAX(s.answered_day) AS observed_at
FROM account_surveys s
JOIN last_day l ON l.account_id = s.account_id AND l.day = s.answered_day
WHERE s.kind = 'renewal_intent' AND s.score IS NOT NULL
GROUP BY s.account_id
