-- measure: nps_365
-- unit: points
-- sources: surveys.score
-- window: 365 days
-- needs: last day
-- run: always
-- direction: up
-- NPS of a year: the percentage of promoters (9 or 10) less that of detractors (0 to 6), each person by the last answer.
-- Accounts without an answer in that time are left out.
WITH answers AS (
    SELECT
        account_id,
        COALESCE(contact_email, system || ' ' || stream || ' ' || id) AS person,
        score,
        answered_day
    FROM account_surveys
    WHERE kind = 'nps' AND score IS NOT NULL AND answered_day >= :as_of_minus_365 AND answered_day < :as_of
),
last_days AS (
    SELECT account_id, person, MAX(answered_day) AS answered_day FROM answers GROUP BY account_id, person
),
last_answers AS (
    SELECT a.account_id, a.person, MIN(a.score) AS score, MAX(a.answered_day) AS day
    FROM answers a
    JOIN last_days l ON l.account_id = a.account_id AND l.person = a.person AND l.answered_day = a.answered_day
    GROUP BY a.account_id, a.person
)
SELECT
    account_id,
    '' AS product,
    CAST(100 * SUM(CASE WHEN score >= 9 THEN 1 WHEN score <= 6 THEN -1 ELSE 0 END) AS DOUBLE PRECISION)
        / COUNT(*) AS value,
    MAX(day) AS observed_at
FROM last_answers
GROUP BY account_id
