-- name: by_tld
-- title: Adoption by top-level domain
-- grain: (tld, measure, level): the 20 tld groups with the most names, or `set variable top = N`, and the rest
-- definition: The twelve questions of view_94_measured, for each top-level domain. Shares are of those to whom the
--   question applies and is answered; unknown: those to whom it may apply, unanswered.
-- source: metrics 11, 29 and 43; Lee et al. 2020, Ashiq et al. 2025
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
with counted as (select tld, kind, count(*) as n from measured group by all),
sized as (select tld, sum(n) as size from counted group by tld),
placed as (
    select tld, row_number() over (partition by starts_with(tld, '(') order by size desc, tld) as place
    from sized
),
shown as (
    select
        case when starts_with(tld, '(') or place <= coalesce(getvariable('top'), 20) then tld
            else '(others)' end as tld,
        kind, sum(n) as n
    from counted join placed using (tld)
    group by all
),
ordered as (select tld, sum(n) as size from shown group by tld)
select tld, m.measure, m.level, unnest(figures(
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 1), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) in (0, 1)), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 2), 0)))
from shown join ordered using (tld)
cross join measures as m
group by tld, size, m.place, m.measure, m.level
order by starts_with(tld, '('), size desc, tld, m.place;
