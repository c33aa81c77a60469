-- name: dane
-- title: DANE for SMTP as published
-- grain: (over, class)
-- definition: dane_class (over: all hosts) and dane_best (over: best preference) of view_30_domain_class. The rows
--   add up to all names. Shares are of domains with mail whose class is known; unknown: the class unknown, and
--   not-measured.
-- source: metrics 12 and 13; the DANE survey (Dukhovni, Hardaker), Lee et al. 2020
-- rfc: 7672 section 2.2
with counted as (
    select 'all hosts' as over_, dane_class as class, count(*) as n from domain_class group by all
    union all
    select 'best preference', dane_best, count(*) from domain_class group by all
),
listed as (
    select o.over_, unnest(enum_range(null::dane_class))::dane_class as class
    from (values ('all hosts'), ('best preference')) as o(over_)
),
filled as (
    select over_, class, coalesce(n, 0) as n from listed left join counted using (over_, class)
),
whole as (
    select over_,
        sum(n) filter (where class in ('full', 'partial', 'mx-insecure', 'none')) as known,
        sum(n) filter (where class in ('unknown', 'not-measured')) as unknown
    from filled
    group by over_
)
select over_ as "over", class, unnest(case
    when class in ('full', 'partial', 'mx-insecure', 'none') then figures(n, known, unknown)
    else figures(n, null, null) end)
from filled join whole using (over_)
order by over_, class;
