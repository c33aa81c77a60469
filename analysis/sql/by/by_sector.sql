-- name: by_sector
-- title: Adoption by sector
-- grain: (sector, measure, level): the 20 sector groups with the most names, or `set variable top = N`, and the rest
-- definition: The twelve questions of view_94_measured, for each label of a list's column `sector`, and the names
--   without one. Shares are of those to whom the question applies and is answered; unknown: those to whom it may
--   apply, unanswered.
-- source: metric 43; Forum Standaardisatie, SIDN
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
with sectors as (
    select kind, list_filter(tags, lambda tag: starts_with(tag, 'sector:')) as found from measured
),
labels as (
    select kind, substr(unnest(case when len(found) > 0 then found else ['sector:(none)'] end), 8) as sector
    from sectors
),
counted as (select sector, kind, count(*) as n from labels group by all),
sized as (select sector, sum(n) as size from counted group by sector),
placed as (
    select sector, row_number() over (partition by starts_with(sector, '(') order by size desc, sector) as place
    from sized
),
shown as (
    select
        case when starts_with(sector, '(') or place <= coalesce(getvariable('top'), 20) then sector
            else '(others)' end as sector,
        kind, sum(n) as n
    from counted join placed using (sector)
    group by all
),
ordered as (select sector, sum(n) as size from shown group by sector)
select sector, m.measure, m.level, unnest(figures(
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 1), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) in (0, 1)), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 2), 0)))
from shown join ordered using (sector)
cross join measures as m
group by sector, size, m.place, m.measure, m.level
order by starts_with(sector, '('), size desc, sector, m.place;
