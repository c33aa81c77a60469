-- name: mta_sts_effect
-- title: MTA-STS as effective: what enforcement comes to at the mail hosts
-- grain: effective
-- definition: effective of view_90_policy_class, over domains with mail and a valid record. would-lose-mail: mode
--   enforce, and no mail host admitted, so that senders who validate deliver nowhere. The certificates of mail hosts
--   are not in it: they need SMTP. Unknown: fetches or MX that are unknown.
-- source: metric 35; Ashiq et al. 2025 section 4.5
-- rfc: 8461 section 5
with counted as (
    select effective, count(*) as n from policy_class where has_mail and published = 'valid' group by all
),
whole as (
    select sum(n) filter (where effective <> 'unknown') as known, sum(n) filter (where effective = 'unknown') as unknown
    from counted
)
select effective,
    unnest(case when effective = 'unknown' then figures(n, null, null) else figures(n, known, coalesce(unknown, 0)) end)
from counted, whole
order by effective;
