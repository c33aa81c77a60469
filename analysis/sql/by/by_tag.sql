-- name: by_tag
-- title: Adoption by tag
-- grain: (tag, measure, level): the 20 tag groups with the most names, or `set variable top = N`, and the rest
-- definition: The twelve questions of view_94_measured, for each label that the lists give (a name with several
--   counts in each), and the names without one. Several lists in one run tag their names `list:NAME`. Shares are of
--   those to whom the question applies and is answered; unknown: those to whom it may apply, unanswered.
-- source: metric 43; Forum Standaardisatie
-- rfc: 7672 section 2.2, 8461 section 2, 8460 section 3
with labels as (
    select kind, unnest(case when len(tags) > 0 then tags else ['(no tag)'] end) as tag from measured
),
counted as (select tag, kind, count(*) as n from labels group by all),
sized as (select tag, sum(n) as size from counted group by tag),
placed as (
    select tag, row_number() over (partition by starts_with(tag, '(') order by size desc, tag) as place
    from sized
),
shown as (
    select
        case when starts_with(tag, '(') or place <= coalesce(getvariable('top'), 20) then tag
            else '(others)' end as tag,
        kind, sum(n) as n
    from counted join placed using (tag)
    group by all
),
ordered as (select tag, sum(n) as size from shown group by tag)
select tag, m.measure, m.level, unnest(figures(
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 1), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) in (0, 1)), 0),
    coalesce(sum(n) filter (where kind_says(kind, m.place) = 2), 0)))
from shown join ordered using (tag)
cross join measures as m
group by tag, size, m.place, m.measure, m.level
order by starts_with(tag, '('), size desc, tag, m.place;
