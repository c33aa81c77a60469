-- name: mta_sts_loss
-- title: Whose mail is lost under MTA-STS in mode enforce
-- grain: fate
-- definition: Domains with mail and a usable policy in mode enforce: delivered (some host is admitted and vouched for),
--   not-admitted (no host matches the patterns), not-vouched-for (a host is admitted, and none that is shows a good
--   certificate, or TLS). Unknown: hosts that were not talked to, or not reached.
-- source: metric 35; Ashiq et al. 2025 section 4.5
-- rfc: 8461 sections 4 and 5
with told as (
    select p.domain,
        case
            when p.coverage = 'none' then 'not-admitted'
            when s.mta_sts = 'authenticated' then 'delivered'
            when s.mta_sts in ('unknown', 'no-mail') then 'unknown'
            when count(*) filter (where v.contact in ('temporary', 'unreachable', 'not-tried')) > 0 then 'unknown'
            else 'not-vouched-for'
        end as fate
    from policy_class as p
    join sender_class as s on s.domain = p.domain
    left join mail_route as m on m.domain = p.domain
    left join endpoint_verdicts as v on v.host = m.host
    where p.usable = 'enforce' and p.has_mail
    group by p.domain, p.coverage, s.mta_sts
),
counted as (select fate, count(*) as n from told group by fate),
whole as (
    select coalesce(sum(n) filter (where fate <> 'unknown'), 0) as known,
        coalesce(sum(n) filter (where fate = 'unknown'), 0) as unknown
    from counted
)
select fate, unnest(case when fate = 'unknown' then figures(n, null, null) else figures(n, known, unknown) end)
from counted, whole
order by fate = 'unknown', n desc, fate;
