-- name: dane_mta_sts_levels
-- title: DANE and MTA-STS together, at three levels
-- grain: (level, has)
-- definition: Domains with mail by which of the two they have. published: DANE full or partial, a valid MTA-STS record.
--   usable: some usable TLSA record behind that, a policy that is retrieved and valid and not of mode none.
--   effective: DANE valid at every host and address; a policy in mode enforce that admits all mail hosts. Unknown: one
--   of the two is unknown at that level (untested, temporary, unreachable among it), or whether there is mail.
-- source: metric 39
-- rfc: 7672, 8461 section 2
with told as (
    select d.domain,
        case when d.published in ('unknown', 'not-measured') then null else d.published in ('full', 'partial')
            end as dane_1,
        case when p.published in ('unknown', 'not-measured') then null else p.published = 'valid' end as sts_1,
        case when d.usable in ('unknown', 'not-measured') then null else d.usable in ('full', 'partial') end as dane_2,
        case when p.usable in ('unknown', 'not-measured') then null else p.usable in ('enforce', 'testing')
            end as sts_2,
        case when d.effective in ('unknown', 'not-measured', 'untested', 'temporary', 'unreachable') then null
            else d.effective = 'valid' end as dane_3,
        case when p.effective in ('unknown', 'not-measured') then null else p.effective = 'covered' end as sts_3
    from dane_effect as d join policy_class as p using (domain)
    where d.has_mail
),
levels as (
    select 1 as place, 'published' as level, dane_1 as dane, sts_1 as sts from told
    union all select 2, 'usable', dane_2, sts_2 from told
    union all select 3, 'effective', dane_3, sts_3 from told
),
counted as (
    select place, level,
        case when dane is null or sts is null then 'unknown' when dane and sts then 'both' when dane then 'DANE only'
            when sts then 'MTA-STS only' else 'neither' end as has,
        count(*) as n
    from levels
    group by all
),
whole as (
    select level, coalesce(sum(n) filter (where has <> 'unknown'), 0) as known,
        coalesce(sum(n) filter (where has = 'unknown'), 0)
            + (select count(*) from domain_class where has_mail is null) as unknown
    from counted
    group by level
)
select level, has, unnest(case when has = 'unknown' then figures(n, null, null) else figures(n, known, unknown) end)
from counted join whole using (level)
order by place, array_position(['both', 'DANE only', 'MTA-STS only', 'neither', 'unknown'], has);
