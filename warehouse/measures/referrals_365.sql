-- measure: referrals_365
-- unit: referrals
-- sources: surveys.kind
-- window: 365 days
-- needs: last day
-- direction: up
-- Referrals that the customer made or offered in a year; accounts of which none was ever recorded are left out.
SELECT
    account_id,
    '' AS product,
    SUM(CASE WHEN answered_day >= :as_of_minus_365 THEN 1 ELSE 0 END) AS value,
    MAX(answered_day) AS observed_at
FROM account_surveys
WHERE kind = 'referral' AND answered_day < :as_of
GROUP BY account_id
