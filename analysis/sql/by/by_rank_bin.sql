-- name: by_rank_bin
-- title: Adoption by popularity, in bands of 10,000
-- grain: (rank_from, measure, level): the first 20 bands, or `set variable top = N`, and above
-- definition: The twelve questions of view_94_measured, for each band of 10,000 ranks, by the first of them; names
--   without a rank are left out. Shares are of those to whom the question applies and is answered; unknown: those to
--   whom it may apply, unanswered.
-- source: metrics 11 and 29; Lee et al. 2020, Ashiq et al. 2025
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
with shown as (
    select least(rank_bin, coalesce(getvariable('top'), 20) * 10000 + 1)::bigint as rank_from, kind, count(*) as n
    from measured
    where rank_bin is not null
    group by all
)
select rank_from, m.measure, m.level, unnest(figures(
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 1), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) in (0, 1)), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 2), 0)))
from shown cross join measures as m
group by rank_from, m.place, m.measure, m.level
order by rank_from, m.place;
