-- name: dane_mta_sts
-- title: DANE and MTA-STS together, as published
-- grain: (dane, mta_sts)
-- definition: Domains with mail by dane_class and sts_class. Shares are of those whose two classes are both known;
--   unknown: one of the two unknown, names of which mail is not known, and not-measured names.
-- source: metric 39
-- rfc: 7672, 8461 section 2
with counted as (
    select dane_class as dane, sts_class as mta_sts, count(*) as n from domain_class where has_mail group by all
),
listed as (
    select d.dane, s.mta_sts
    from (select unnest(enum_range(null::dane_class))::dane_class as dane) as d,
        (select unnest(enum_range(null::record_class))::record_class as mta_sts) as s
    where d.dane not in ('not-applicable', 'not-measured') and s.mta_sts <> 'not-measured'
),
filled as (
    select dane, mta_sts, coalesce(n, 0) as n, dane <> 'unknown' and mta_sts <> 'unknown' as known
    from listed left join counted using (dane, mta_sts)
),
whole as (
    select sum(n) filter (where known) as known_all,
        sum(n) filter (where not known) + (select count(*) from domain_class where has_mail is null) as unknown_all
    from filled
)
select dane, mta_sts, unnest(case when known then figures(n, known_all, unknown_all) else figures(n, null, null) end)
from filled, whole
order by dane, mta_sts;
