-- name: mta_sts_fetch
-- title: Where the way to a policy ends, and why
-- grain: (hosting, stage, cause)
-- definition: Domains with a valid record, by who hosts the policy (view_90_policy_class), the first stage that fails
--   and its cause; ok is a usable policy. Shares are of the domains of that hosting whose state is known; where the
--   numerator's own state is unknown (an address look-up that failed, a time-out, no route), the row has no share and
--   counts into the unknown of the others.
-- source: metric 31; Ashiq et al. 2025 table 3
-- rfc: 8461 section 3.3
with wanted as (select hosting, stage, cause, state from policy_class where stage <> 'record' and state is not null),
counted as (select hosting, stage, cause, state, count(*) as n from wanted group by all),
whole as (
    select hosting, count(*) filter (where state <> 'unknown') as known,
        count(*) filter (where state = 'unknown') as unknown
    from wanted
    group by hosting
)
select hosting, stage, cause, unnest(case when state = 'unknown' then figures(n, null, null)
    else figures(n, known, unknown) end)
from counted join whole using (hosting)
order by hosting, array_position(['dns', 'tcp', 'tls', 'certificate', 'http', 'syntax', 'ok'], stage), n desc, cause;
