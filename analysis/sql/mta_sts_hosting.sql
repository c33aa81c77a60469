-- name: mta_sts_hosting
-- title: Who hosts policies
-- grain: (hosting, hosted_at): the 20 largest hosts, or `set variable top = N`, and the rest
-- definition: Domains with a valid record, by hosting and hosted_at of view_90_policy_class. usable: of the numerator,
--   those with a usable policy. with_mx: those whose policy host is an alias to the provider that takes their mail.
--   Unknown: domains whose policy host has neither alias nor address.
-- source: metric 36; Ashiq et al. 2025 table 2 and figure 10
-- rfc: 8461 section 8.2
with grouped as (
    select hosting, case when hosting = 'third-party' then hosted_at end as hosted_at, count(*) as n,
        count(*) filter (where state = 'usable') as usable, count(*) filter (where with_mx) as with_mx
    from policy_class
    where published = 'valid'
    group by all
),
placed as (select *, row_number() over (partition by hosting order by n desc, hosted_at) as place from grouped),
shown as (
    select hosting,
        case when hosting <> 'third-party' then null
            when place <= coalesce(getvariable('top'), 20) then hosted_at else '(others)' end as hosted_at,
        sum(n) as n, sum(usable) as usable, sum(with_mx) as with_mx
    from placed
    group by all
),
whole as (
    select sum(n) filter (where hosting <> 'unknown') as known,
        coalesce(sum(n) filter (where hosting = 'unknown'), 0) as unknown
    from shown
)
select hosting, hosted_at,
    unnest(case when hosting = 'unknown' then figures(n, null, null) else figures(n, known, unknown) end),
    usable::bigint as usable, with_mx::bigint as with_mx
from shown, whole
order by hosting, starts_with(coalesce(hosted_at, ''), '('), n desc, hosted_at;
