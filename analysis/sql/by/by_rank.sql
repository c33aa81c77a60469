-- name: by_rank
-- title: Adoption by popularity, in powers of ten
-- grain: (rank_to, measure, level)
-- definition: The twelve questions of view_94_measured, for each band of ranks up to a power of ten (and above the
--   one before), null for names without a rank. Shares are of those to whom the question applies and is answered;
--   unknown: those to whom it may apply, unanswered.
-- source: metrics 11, 29 and 41; Lee et al. 2020, Ashiq et al. 2025
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
with shown as (select rank_power as rank_to, kind, count(*) as n from measured group by all)
select rank_to, m.measure, m.level, unnest(figures(
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 1), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) in (0, 1)), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 2), 0)))
from shown cross join measures as m
group by rank_to, m.place, m.measure, m.level
order by rank_to nulls last, m.place;
