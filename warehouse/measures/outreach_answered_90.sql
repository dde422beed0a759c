-- measure: outreach_answered_90
-- unit: ratio
-- sources: touchpoints.direction
-- window: 90 days
-- needs: last day
-- direction: up
-- Share of outbound touches of 90 days that an inbound touch or held meeting followed within 5 days; the youngest
-- unanswered ones, whose 5 days are not over, and what we cancelled or only planned are left out.
WITH touches AS (
    SELECT
        account_id,
        day,
        direction,
        occurred_at,
        CASE
            WHEN COALESCE(outcome, '') IN ('cancelled_by_us', 'planned') THEN 0
            WHEN direction = 'outbound' THEN 1
            ELSE 0
        END AS outreach,
        CASE
            WHEN kind = 'meeting' AND outcome = 'held' THEN 1
            WHEN direction = 'inbound' AND COALESCE(outcome, 'held') = 'held' THEN 1
            ELSE 0
        END AS response
    FROM account_touchpoints
    WHERE day >= :as_of_minus_90 AND day < :as_of AND occurred_at IS NOT NULL
),
answers AS (
    SELECT
        account_id,
        day,
        occurred_at,
        outreach,
        MIN(CASE WHEN response = 1 THEN day END) OVER (
            PARTITION BY account_id ORDER BY occurred_at DESC NULLS LAST
        ) AS answered_day
    FROM touches
),
judged AS (
    SELECT account_id, occurred_at, CASE WHEN answered_day <= day + 5 THEN 1 ELSE 0 END AS answered
    FROM answers
    WHERE outreach = 1 AND (answered_day <= day + 5 OR day < :as_of_minus_5)
)
SELECT
    account_id,
    '' AS product,
    CAST(SUM(answered) AS DOUBLE PRECISION) / COUNT(*) AS value,
    MAX(occurred_at) AS observed_at
FROM judged
GROUP BY account_id
