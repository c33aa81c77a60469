-- name: dane_mta_sts_levels
-- title: DANE and MTA-STS together, at three levels
-- grain: (level, has)
-- definition: Domains with mail by which of the two they have. published: DANE full or partial, a valid MTA-STS record.
--   usable: some usable TLSA record behind that, a policy that is retrieved and valid and not of mode none.
--   effective: DANE valid at every host and address; a policy in mode enforce that admits all mail hosts. Unknown: one
--   of the two is unknown at that level (untested, temporary, unreachable among it), or whether there is mail.
-- source: metric 39
-- rfc: 7672, 8461 section 2
with kinds as (select kind, count(*) as n from measured where kind_says(kind, 0) = 1 group by kind),
levels as (
    from (values (1, 'published', 2, 5), (2, 'usable', 3, 6), (3, 'effective', 4, 7)) as l(place, level, dane, sts)
),
counted as (
    select place, level,
        case
            when kind_says(kind, dane) = 2 or kind_says(kind, sts) = 2 then 'unknown'
            when kind_says(kind, dane) = 1 and kind_says(kind, sts) = 1 then 'both'
            when kind_says(kind, dane) = 1 then 'DANE only'
            when kind_says(kind, sts) = 1 then 'MTA-STS only'
            else 'neither'
        end as has,
        sum(n)::bigint as n
    from kinds cross join levels
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
