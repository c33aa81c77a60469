-- name: dane_fate
-- title: What comes of published DANE
-- grain: effective class
-- definition: Domains with DANE full or partial as published, by effective of view_92_dane_effect: the map of causes
--   for which DANE that somebody set up does not protect. Shares are of those of which conversations tell; untested,
--   temporary and unreachable count into the unknown.
-- source: metrics 12, 22 and 23; the DANE survey, Lee et al. 2020
-- rfc: 7672 section 2.2
with counted as (
    select effective::varchar as class, count(*) as n,
        effective in ('untested', 'temporary', 'unreachable') as open
    from dane_effect
    where published in ('full', 'partial')
    group by all
),
whole as (
    select coalesce(sum(n) filter (where not open), 0) as known, coalesce(sum(n) filter (where open), 0) as unknown
    from counted
)
select class, unnest(case when open then figures(n, null, null) else figures(n, known, unknown) end)
from counted, whole
order by open, n desc, class;
