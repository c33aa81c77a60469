-- name: by_weight
-- title: Adoption, weighed
-- grain: (weight, measure, level)
-- definition: The twelve questions of view_94_measured over all names, each name counted once (name), by one over
--   its rank (rank: the shape of Zipf's law, of the names that have one), or by the weight that the list gives
--   (list). numerator, denominator and unknown are sums of weights. A weight that no name has leaves no row.
-- source: metric 41; Zivver, Durumeric et al. 2015
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
with shown as (
    select kind, count(*)::double as name, sum(case when rank > 0 then 1 / rank end) as rank, sum(weight) as list
    from measured
    group by kind
),
listed as (
    select 1 as nth, 'name' as weight, kind, name as n from shown
    union all select 2, 'rank', kind, rank from shown where rank is not null
    union all select 3, 'list', kind, list from shown where list is not null
),
summed as (
    select nth, weight, m.place, m.measure, m.level,
        coalesce(sum(n) filter (where kind_says(kind, m.place) = 1), 0) as numerator,
        coalesce(sum(n) filter (where kind_says(kind, m.place) in (0, 1)), 0) as denominator,
        coalesce(sum(n) filter (where kind_says(kind, m.place) = 2), 0) as unknown
    from listed cross join measures as m
    group by all
)
select weight, measure, level, numerator, denominator, unknown,
    numerator / nullif(denominator, 0) as share,
    numerator / nullif(denominator + unknown, 0) as share_low,
    (numerator + unknown) / nullif(denominator + unknown, 0) as share_high
from summed
order by nth, place;
