-- name: dane_effective
-- title: DANE at its three levels
-- grain: (level, class)
-- definition: Domains with mail by published (dane_class), usable and effective of view_92_dane_effect. Shares are of
--   the domains whose class is known; unknown, untested, temporary and unreachable count into the unknown, as do names
--   of which mail is not known.
-- source: metrics 12, 13, 22 and 23; the DANE survey, Lee et al. 2020
-- rfc: 7672 section 2.2
with told as (
    select 1 as place, 'published' as level, published::varchar as class from dane_effect where has_mail
    union all select 2, 'usable', usable from dane_effect where has_mail
    union all select 3, 'effective', effective::varchar from dane_effect where has_mail
),
counted as (
    select place, level, class, count(*) as n,
        class in ('unknown', 'not-measured', 'untested', 'temporary', 'unreachable') as open
    from told
    group by all
),
whole as (
    select level, sum(n) filter (where not open) as known,
        coalesce(sum(n) filter (where open), 0) + (select count(*) from dane_effect where has_mail is null) as unknown
    from counted
    group by level
)
select level, class, unnest(case when open then figures(n, null, null) else figures(n, known, unknown) end)
from counted join whole using (level)
order by place, open, n desc, class;
